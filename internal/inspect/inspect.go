// Package inspect says what operating system a guest's tree holds.
//
//	sys, ok := inspect.Linux(fsys)
//	if ok {
//		fmt.Println(sys.Distro, sys.ProductName, sys.Major, sys.Minor)
//	}
//
// It reads a tree through io/fs, and turns /etc/fstab into mount points over
// the Devices of the caller. It does not mount, or list applications. Links
// must be resolved by the fs.FS, within the guest: an os.Root does that.
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

// System is what is known of one operating system. Unknown strings are empty.
type System struct {
	Type              string
	Distro            string
	ProductName       string
	Major, Minor      int
	BuildID           string
	Arch              string
	Hostname          string
	PackageFormat     string
	PackageManagement string
}

// Linux returns the facts of the Linux system whose root is fsys, and false if
// fsys is not the root of one.
func Linux(fsys fs.FS) (System, bool) {
	if !isLinuxRoot(fsys) {
		return System{}, false
	}
	s := System{Type: "linux"}
	s.release(fsys)
	s.Arch = arch(fsys)
	s.Hostname = hostname(fsys)
	s.PackageFormat = packageFormat(s.Distro)
	s.PackageManagement = packageManagement(fsys, s.Distro, s.Major)
	return s, true
}

func isLinuxRoot(fsys fs.FS) bool {
	if !isDir(fsys, "etc") {
		return false
	}
	// With a separate /usr, bin is a link to what this filesystem lacks.
	if !isDir(fsys, "bin") {
		to, err := fs.ReadLink(fsys, "bin")
		if err != nil || strings.Trim(to, "/") != "usr/bin" {
			return false
		}
	}
	return isFile(fsys, "etc/fstab") || isFile(fsys, "etc/hosts")
}

func isDir(fsys fs.FS, name string) bool {
	fi, err := fs.Stat(fsys, name)
	return err == nil && fi.IsDir()
}

func isFile(fsys fs.FS, name string) bool {
	fi, err := fs.Stat(fsys, name)
	return err == nil && fi.Mode().IsRegular()
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
