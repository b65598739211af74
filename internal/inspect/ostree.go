package inspect

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An ostree system has its roots below ostree/deploy/NAME/deploy/CHECKSUM.N.
// What boots has one of them as its /, and the filesystem as /sysroot.

func isOstree(fsys fs.FS) bool { return deployment(fsys) != "" }

// Tree returns the tree of the system whose root filesystem is fsys: that is
// the filesystem, or the newest deployment of ostree in it.
func Tree(fsys fs.FS) fs.FS {
	if isLinuxRoot(fsys) || !isOstree(fsys) {
		return fsys
	}
	sub, err := fs.Sub(fsys, deployment(fsys))
	if err != nil {
		return fsys
	}
	return sub
}

// ostree sets the facts of the deployment that was made last.
func (f *Filesystem) ostree(fsys fs.FS) {
	sub, err := fs.Sub(fsys, deployment(fsys))
	if err != nil {
		return
	}
	f.linuxRoot(sub)
}

const maxDeployments = 1000

// deployment returns the directory of the newest deployment, or nothing. The
// file beside it that tells its origin has the time when it was made.
func deployment(fsys fs.FS) string {
	best, newest := "", time.Time{}
	seen := 0
	for _, system := range subdirectories(fsys, "ostree/deploy") {
		dir := path.Join("ostree/deploy", system, "deploy")
		for _, name := range subdirectories(fsys, dir) {
			checksum, serial, ok := strings.Cut(name, ".")
			if _, err := strconv.ParseUint(serial, 10, 32); !ok || err != nil || checksum == "" {
				continue
			}
			if seen++; seen > maxDeployments {
				return best
			}
			full := path.Join(dir, name)
			if sub, err := fs.Sub(fsys, full); err != nil || !isLinuxRoot(sub) {
				continue
			}
			fi, err := fs.Stat(fsys, full+".origin")
			if err != nil {
				fi, err = fs.Stat(fsys, full)
			}
			if err == nil && (best == "" || fi.ModTime().After(newest)) {
				best, newest = full, fi.ModTime()
			}
		}
	}
	return best
}

// subdirectories returns the sorted names in a directory of a few entries.
func subdirectories(fsys fs.FS, dir string) []string {
	if !isDir(fsys, dir) {
		return nil
	}
	f, err := fsys.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil
	}
	entries, _ := d.ReadDir(maxDeployments) // an error leaves those that were read
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}
