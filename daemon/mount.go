package daemon

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Rules of mounting:
//   - a path is looked up in the guest, the mount(2) goes to the directory that
//     was found: a symbolic link of the guest never names a place outside it;
//   - nothing is mounted before the type is known, from the caller or from the
//     superblock, except that an unknown type is tried as what the kernel has;
//   - a write-protected device is mounted read-only, as mount(8) does.

func doMount(c *Call, m mountable, mountpoint string) error {
	return c.mount("", "", m, mountpoint)
}

func doMountRo(c *Call, m mountable, mountpoint string) error {
	return c.mount("ro", "", m, mountpoint)
}

func doMountOptions(c *Call, options string, m mountable, mountpoint string) error {
	return c.mount(options, "", m, mountpoint)
}

func doMountVfs(c *Call, options, vfstype string, m mountable, mountpoint string) error {
	return c.mount(options, vfstype, m, mountpoint)
}

// mount mounts a filesystem in the guest; fstype is empty when it is to be
// found out.
func (c *Call) mount(options, fstype string, m mountable, mountpoint string) error {
	flags, data, err := parseMountOptions(options)
	if err != nil {
		return err
	}
	if m.Subvolume != "" {
		if strings.Contains(m.Subvolume, ",") {
			return withErrno(syscall.EINVAL, "%s: the kernel mounts no subvolume with a comma in its name", m)
		}
		data = strings.TrimSuffix("subvol="+m.Subvolume+","+data, ",")
	}
	dir, err := c.openMountPoint(mountpoint)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	if fstype == "" || fstype == "auto" {
		if fstype, err = doVfsType(c, m); err != nil {
			return err
		}
	}
	w := mounting{c: c, device: m.Device, dir: dir, flags: flags, data: data}
	if err := w.mount(fstype); err != nil {
		what := fmt.Sprintf("%s on %s", m, mountpoint)
		if options != "" {
			what += fmt.Sprintf(" (options: %q)", options)
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// openMountPoint opens a directory of the guest to mount something on it. It is
// the one call that works on the guest before anything is mounted.
func (c *Call) openMountPoint(path string) (fd int, err error) {
	if !strings.HasPrefix(path, "/") {
		return -1, withErrno(syscall.EINVAL, "%s: path must start with a / character", path)
	}
	err = c.inGuest(func() error {
		fd, err = unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) {
		var errno syscall.Errno
		errors.As(err, &errno)
		return -1, withErrno(errno, "%s: mount point is not a directory", path)
	}
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// fdPath names the object behind a descriptor, for calls that want a path.
func fdPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// resolve returns the path of an object of the guest as the daemon sees it,
// without symbolic links. It keeps no reference to it.
func (c *Call) resolve(path string) (string, error) {
	fd := -1
	err := c.inGuest(func() (err error) {
		fd, err = unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return "", &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	return os.Readlink(fdPath(fd))
}

// mountAt returns what was mounted last on a directory of the guest.
func (c *Call) mountAt(path string) (mountEntry, error) {
	target, err := c.resolve(path)
	if err != nil {
		return mountEntry{}, err
	}
	mounts, err := guestMounts(sysroot)
	if err != nil {
		return mountEntry{}, err
	}
	for i := len(mounts) - 1; i >= 0; i-- {
		if mounts[i].Target == target {
			return mounts[i], nil
		}
	}
	return mountEntry{}, withErrno(syscall.EINVAL, "%s: not mounted", path)
}

func doRemount(c *Call, mountpoint string, opts *remountOpts) error {
	if opts.Rw == nil {
		return withErrno(syscall.EINVAL, "parameter 'rw' must be specified")
	}
	m, err := c.mountAt(mountpoint)
	if err != nil {
		return err
	}
	flags := keptOnRemount(m) | unix.MS_REMOUNT
	if !*opts.Rw {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount(m.Source, m.Target, "", flags, ""); err != nil {
		return &os.PathError{Op: "remount", Path: mountpoint, Err: err}
	}
	return nil
}

func doMkmountpoint(c *Call, path string) error {
	if !strings.HasPrefix(path, "/") {
		return withErrno(syscall.EINVAL, "%s: path must start with a / character", path)
	}
	return doMkdir(c, path)
}

func doRmmountpoint(c *Call, path string) error {
	if !strings.HasPrefix(path, "/") {
		return withErrno(syscall.EINVAL, "%s: path must start with a / character", path)
	}
	return doRmdir(c, path)
}
