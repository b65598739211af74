package inspect

import (
	"errors"
	"io"
	"io/fs"
	"strings"
)

// maxFile bounds what is read of a small file of the guest.
const maxFile = 2 << 20

var errNotSmallFile = errors.New("not a regular file of at most 2 MiB")

func isDir(fsys fs.FS, name string) bool {
	fi, err := fs.Stat(fsys, name)
	return err == nil && fi.IsDir()
}

func isFile(fsys fs.FS, name string) bool {
	fi, err := fs.Stat(fsys, name)
	return err == nil && fi.Mode().IsRegular()
}

func areDirs(fsys fs.FS, names ...string) bool {
	for _, name := range names {
		if !isDir(fsys, name) {
			return false
		}
	}
	return true
}

func areFiles(fsys fs.FS, names ...string) bool {
	for _, name := range names {
		if !isFile(fsys, name) {
			return false
		}
	}
	return true
}

// readSmall reads a regular file. The type is looked at first, as opening a
// fifo would wait for ever.
func readSmall(fsys fs.FS, name string) ([]byte, error) {
	fi, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() || fi.Size() > maxFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errNotSmallFile}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// firstLine returns the first line of a small file, or nothing.
func firstLine(fsys fs.FS, name string) string {
	b, err := readSmall(fsys, name)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(line)
}
