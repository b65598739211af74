package qemu

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// tempDir is where overlays and scratch disks live.
func (c *Config) tempDir() string {
	for _, dir := range []string{c.TempDir, os.Getenv("LIBGUESTFS_TMPDIR"), os.Getenv("TMPDIR")} {
		if dir != "" {
			return dir
		}
	}
	return "/var/tmp" // a disk rather than RAM: overlays can grow large
}

// unnamedFile makes a file that has no name and vanishes with its last descriptor.
func unnamedFile(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), filepath.Join(dir, "(unnamed)")), nil
	}
	// Not every file system knows O_TMPFILE (NFS, overlayfs before Linux 6.2, FUSE).
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) {
		return nil, explainTemp(&fs.PathError{Op: "make a temporary file in", Path: dir, Err: err})
	}
	name := filepath.Join(dir, "virt-tools-"+rand.Text())
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, explainTemp(err)
	}
	if err := os.Remove(name); err != nil {
		f.Close()
		return nil, explainTemp(err)
	}
	return f, nil
}

func explainTemp(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return told(hintTempDir, "temporary file: %w", err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
		return told("set LIBGUESTFS_TMPDIR to a folder that can be written to", "temporary file: %w", err)
	}
	return err
}
