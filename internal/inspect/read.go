package inspect

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Bounds on what is read of a guest.
const (
	maxFile    = 2 << 20 // of a small file
	maxEntries = 100_000 // of a directory that a name is looked for in
)

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
	return strings.TrimSpace(line[:min(len(line), maxLine)])
}

// anyCase finds the spelling in which a path is there, or returns nothing. Of
// several the given one counts, else the first by the order of characters.
func anyCase(fsys fs.FS, name string) string {
	found := "."
	for part := range strings.SplitSeq(name, "/") {
		next := path.Join(found, part)
		if _, err := fs.Stat(fsys, next); err != nil {
			spelled := spelling(fsys, found, part)
			if spelled == "" {
				return ""
			}
			next = path.Join(found, spelled)
		}
		found = next
	}
	return found
}

func spelling(fsys fs.FS, dir, name string) string {
	f, err := fsys.Open(dir)
	if err != nil {
		return ""
	}
	defer f.Close()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return ""
	}
	best := ""
	const batch = 1000
	for seen := 0; seen < maxEntries; seen += batch {
		entries, err := d.ReadDir(batch)
		for _, e := range entries {
			if n := e.Name(); strings.EqualFold(n, name) && (best == "" || n < best) {
				best = n
			}
		}
		if err != nil || len(entries) == 0 {
			break
		}
	}
	return best
}
