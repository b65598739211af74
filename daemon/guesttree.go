package daemon

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// guestTree is what is mounted on the guest's root as an fs.FS, for packages
// that read a tree. It works on the guest's thread alone, within inGuest;
// links, absolute ones too, lead where they lead in the guest.
//
// Only directories and regular files can be opened: a pipe would block, a
// device node would lead to the appliance's own devices.
type guestTree struct{}

// guestName is the path that a name of io/fs has in the guest.
func guestName(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return "/", nil
	}
	return "/" + name, nil
}

func (guestTree) Open(name string) (fs.File, error) {
	path, err := guestName("open", name)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if kind := st.Mode & unix.S_IFMT; kind != unix.S_IFREG && kind != unix.S_IFDIR {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EINVAL}
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return blockingFile(fd, path)
}

func (guestTree) Stat(name string) (fs.FileInfo, error) {
	path, err := guestName("stat", name)
	if err != nil {
		return nil, err
	}
	return os.Stat(path)
}

func (guestTree) Lstat(name string) (fs.FileInfo, error) {
	path, err := guestName("lstat", name)
	if err != nil {
		return nil, err
	}
	return os.Lstat(path)
}

func (guestTree) ReadLink(name string) (string, error) {
	path, err := guestName("readlink", name)
	if err != nil {
		return "", err
	}
	return os.Readlink(path)
}
