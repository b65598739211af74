package main

import (
	"context"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/pkg/guestfs"
)

// file is one that was found.
type file struct {
	path     string
	stat     guestfs.StatNS
	link     string // target of a symbolic link
	checksum string // of a regular file, if asked for
}

func (f *file) is(kind int64) bool { return f.stat.StMode&unix.S_IFMT == kind }

// visitor goes through a tree: a directory, then what is in it, sorted by name, each
// directory followed by what is in it.
type visitor struct {
	ctx       context.Context
	g         guest
	recursive bool
	inside    bool   // the directory it starts with is not shown itself
	checksum  string // type, or ""
	show      func(*file) error
	fail      func(error) // reports what is left out
}

// start visits a target. Its own error is returned, those below are reported.
func (v *visitor) start(t target) error {
	path := strings.TrimRight(string(t.path), "/")
	if path == "" {
		path = "/"
	}
	st, err := v.g.Lstatns(v.ctx, t.path)
	if err != nil {
		return err
	}
	top := &file{path: path, stat: *st}
	if top.is(unix.S_IFLNK) {
		if top.link, err = v.g.Readlink(v.ctx, guestfs.Path(path)); err != nil {
			return err
		}
	}
	isDirectory := top.is(unix.S_IFDIR)
	if !v.inside || t.matched && !isDirectory {
		if err := v.one(top); err != nil {
			return err
		}
	}
	if t.matched && !isDirectory {
		return nil
	}
	return v.directory(path)
}

// one completes a file and shows it. One that cannot be read is shown without a checksum.
func (v *visitor) one(f *file) error {
	if v.checksum != "" && f.is(unix.S_IFREG) {
		sum, err := v.g.Checksum(v.ctx, v.checksum, guestfs.Path(f.path))
		if err != nil && v.ctx.Err() != nil {
			return err
		}
		if err != nil {
			v.fail(err)
		}
		f.checksum = sum
	}
	return v.show(f)
}

// directory shows what is in a directory.
func (v *visitor) directory(path string) error {
	names, err := v.g.Ls(v.ctx, guestfs.Path(path))
	if err != nil {
		return err
	}
	stats, err := v.g.Lstatnslist(v.ctx, guestfs.Path(path), names)
	if err != nil {
		return err
	}
	links, err := v.links(path, names, stats)
	if err != nil {
		return err
	}
	for i, name := range names {
		f := &file{path: join(path, name), stat: stats[i], link: links[name]}
		if f.stat.StIno == -1 {
			v.fail(&guestfs.Error{Op: "lstatns", Path: f.path, Errno: "ENOENT", Msg: f.path + ": " + syscall.ENOENT.Error()})
			continue
		}
		if err := v.one(f); err != nil {
			return err
		}
		if v.recursive && f.is(unix.S_IFDIR) {
			if err := v.directory(f.path); err != nil {
				if v.ctx.Err() != nil {
					return err
				}
				v.fail(err)
			}
		}
	}
	return nil
}

// links are the targets of the symbolic links among the names.
func (v *visitor) links(path string, names []string, stats []guestfs.StatNS) (map[string]string, error) {
	var symbolic []string
	for i, name := range names {
		if stats[i].StMode&unix.S_IFMT == unix.S_IFLNK {
			symbolic = append(symbolic, name)
		}
	}
	if len(symbolic) == 0 {
		return nil, nil
	}
	targets, err := v.g.Readlinklist(v.ctx, guestfs.Path(path), symbolic)
	if err != nil {
		return nil, err
	}
	links := map[string]string{}
	for i, name := range symbolic {
		links[name] = targets[i]
	}
	return links, nil
}

func join(directory, name string) string {
	if directory == "/" {
		return "/" + name
	}
	return directory + "/" + name
}
