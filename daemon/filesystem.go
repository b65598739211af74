package daemon

import (
	"bufio"
	"bytes"
	"errors"
	"log"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// doStatvfs tells what statvfs(3) tells, which is statfs(2) in other words.
func doStatvfs(c *Call, path string) (*wire.StatVFS, error) {
	var st unix.Statfs_t
	err := c.inGuest(func() error {
		for {
			err := unix.Statfs(path, &st)
			if err == nil {
				return nil
			}
			if !errors.Is(err, syscall.EINTR) {
				return &os.PathError{Op: "statvfs", Path: path, Err: err}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	const valid = 0x20 // ST_VALID: that f_flags are filled in
	fragment := st.Frsize
	if fragment == 0 {
		fragment = st.Bsize
	}
	return &wire.StatVFS{
		Bsize: int64(st.Bsize), Frsize: int64(fragment),
		Blocks: int64(st.Blocks), Bfree: int64(st.Bfree), Bavail: int64(st.Bavail),
		Files: int64(st.Files), Ffree: int64(st.Ffree), Favail: int64(st.Ffree),
		Fsid: int64(uint64(uint32(st.Fsid.Val[0])) | uint64(uint32(st.Fsid.Val[1]))<<32),
		Flag: int64(st.Flags &^ valid), Namemax: int64(st.Namelen),
	}, nil
}

var filesystemName = regexp.MustCompile(`^[a-zA-Z0-9_]+$`)

func doFilesystemAvailable(_ *Call, filesystem string) (bool, error) {
	if !filesystemName.MatchString(filesystem) {
		return false, withErrno(syscall.EINVAL, "filesystem name contains non-alphanumeric characters")
	}
	return filesystemInKernel(filesystem), nil
}

// filesystemInKernel tells whether a filesystem on a device can be mounted,
// and loads its module. NTFS has a program of its own for that.
func filesystemInKernel(name string) bool {
	if registered(name) {
		return true
	}
	err := probeModule("fs-" + name)
	if errors.Is(err, errNoModule) {
		err = probeModule(name)
	}
	if err != nil && !errors.Is(err, errNoModule) {
		log.Printf("warning: filesystem %s: %v", name, err)
	}
	if registered(name) {
		return true
	}
	if name != "ntfs" {
		return false
	}
	_, err = exec.LookPath("ntfs-3g")
	return err == nil
}

// registered looks for a filesystem among those of the kernel.
func registered(name string) bool {
	text, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		return false
	}
	return inFilesystems(text, name)
}

// inFilesystems reads /proc/filesystems: those without a device are marked.
func inFilesystems(text []byte, name string) bool {
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		mark, fs, ok := strings.Cut(s.Text(), "\t")
		if ok && mark == "" && strings.TrimSpace(fs) == name {
			return true
		}
	}
	return false
}
