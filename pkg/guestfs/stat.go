package guestfs

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"virt-tools/internal/wire"
)

// Stat calls stat: what Statns says, in whole seconds.
//
// Deprecated: Statns has the whole of the times.
func (g *Handle) Stat(ctx context.Context, path Path) (*Stat, error) {
	st, err := g.Statns(ctx, path)
	if err != nil {
		return nil, err
	}
	return seconds(st), nil
}

// Lstat calls lstat: what Lstatns says, in whole seconds.
//
// Deprecated: Lstatns has the whole of the times.
func (g *Handle) Lstat(ctx context.Context, path Path) (*Stat, error) {
	st, err := g.Lstatns(ctx, path)
	if err != nil {
		return nil, err
	}
	return seconds(st), nil
}

// Lstatlist calls lstatlist: what Lstatnslist says, in whole seconds.
//
// Deprecated: Lstatnslist has the whole of the times.
func (g *Handle) Lstatlist(ctx context.Context, path Path, names []string) ([]Stat, error) {
	list, err := g.Lstatnslist(ctx, path, names)
	all := make([]Stat, len(list))
	for i := range list {
		all[i] = *seconds(&list[i])
	}
	return all, err
}

func seconds(st *StatNS) *Stat {
	return &Stat{
		Dev: st.StDev, Ino: st.StIno, Mode: st.StMode, Nlink: st.StNlink, Uid: st.StUid, Gid: st.StGid, Rdev: st.StRdev,
		Size: st.StSize, Blksize: st.StBlksize, Blocks: st.StBlocks, Atime: st.StAtimeSec, Mtime: st.StMtimeSec, Ctime: st.StCtimeSec,
	}
}

// Readlinklist calls readlinklist: the target of each symbolic link, and an
// empty text for a name that is none.
func (g *Handle) Readlinklist(ctx context.Context, path Path, names []string) ([]string, error) {
	const batch = 500 // links that fit into a message
	links := make([]string, 0, len(names))
	for some := range slices.Chunk(names, batch) {
		list, err := g.internalReadlinklist(ctx, path, some)
		if err != nil {
			return nil, err
		}
		if len(list) != len(some) {
			return nil, wrongCount("readlinklist", path, len(list), len(some))
		}
		links = append(links, list...)
	}
	return links, nil
}

// Readdir calls readdir: the entries of a directory, . and .. among them, in
// the order of the filesystem.
func (g *Handle) Readdir(ctx context.Context, dir Path) ([]Dirent, error) {
	var buf bytes.Buffer
	err := g.internalReaddir(ctx, dir, &limitWriter{op: "readdir", w: &buf, left: readMax})
	if err != nil {
		if g.ownDaemon() {
			return nil, err
		}
		return g.readdirList(ctx, dir) // what libguestfs had earlier
	}
	var entries []Dirent
	d := wire.NewDecoder(buf.Bytes())
	for !d.Empty() && d.Err() == nil {
		var e wire.Dirent
		e.Decode(d)
		entries = append(entries, Dirent(e))
	}
	if err := d.Finish(); err != nil {
		return nil, &Error{Op: "readdir", Path: string(dir), Msg: err.Error(), cause: err}
	}
	return entries, nil
}

func (g *Handle) readdirList(ctx context.Context, dir Path) ([]Dirent, error) {
	list, err := g.internalReaddirList(ctx, dir)
	entries := make([]Dirent, len(list))
	for i := range list {
		entries[i] = Dirent(list[i])
	}
	return entries, err
}

// Find calls find: the paths of all files below a directory, sorted. What is
// in /dir is called /name, what is in /dir/ name, as libguestfs has it.
func (g *Handle) Find(ctx context.Context, directory Path) ([]string, error) {
	var buf bytes.Buffer
	if err := g.Find0(ctx, directory, &limitWriter{op: "find", w: &buf, left: readMax}); err != nil {
		return nil, err
	}
	names := strings.Split(buf.String(), "\x00")
	names = names[:len(names)-1]
	slices.Sort(names)
	return names, nil
}

// ownDaemon tells whether the daemon is this package's and not libguestfs's.
func (g *Handle) ownDaemon() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.own != nil
}
