package apps

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"slices"
)

var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("unreasonably large")
)

// open opens a regular file. The type is looked at first, as opening a fifo
// would wait for ever.
func (l *lister) open(name string) (fs.File, int64, error) {
	fi, err := fs.Stat(l.fsys, name)
	if err != nil {
		return nil, 0, err
	}
	if !fi.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
	}
	f, err := l.fsys.Open(name)
	return f, fi.Size(), err
}

// small returns the content of a file of one package.
func (l *lister) small(name string) (string, error) {
	f, size, err := l.open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if size > maxSmallFile {
		return "", &fs.PathError{Op: "read", Path: name, Err: errTooLarge}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSmallFile))
	return string(b), err
}

// maxEntries bounds a directory: its names are in memory at once.
const maxEntries = 100_000

// names returns the sorted names in a directory, none if there is no such one.
func (l *lister) names(dir string) []string {
	var names []string
	fi, err := fs.Stat(l.fsys, dir)
	if err == nil && fi.IsDir() {
		names, err = l.readNames(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.warn("%v", err)
	}
	slices.Sort(names)
	return names
}

func (l *lister) readNames(dir string) (names []string, err error) {
	f, err := l.fsys.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: dir, Err: errors.ErrUnsupported}
	}
	for {
		entries, err := d.ReadDir(1024)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if err == io.EOF {
			return names, nil
		}
		if err != nil {
			return names, err
		}
		if len(names) > maxEntries {
			l.warn("%s: more than %d entries; the others are not read", dir, maxEntries)
			return names[:maxEntries], nil
		}
	}
}

// isDir reports whether there is such a directory.
func (l *lister) isDir(name string) bool {
	fi, err := fs.Stat(l.fsys, name)
	return err == nil && fi.IsDir()
}

// lines gives the lines of a file to use, which says whether it wants more. Of
// a line only the beginning is kept when it is longer than any should be.
func (l *lister) lines(name string, use func(line string) bool) error {
	f, size, err := l.open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if size > maxFile {
		l.warn("%s: only the first %d bytes are read", name, maxFile)
	}
	r := bufio.NewReaderSize(io.LimitReader(f, maxFile), maxDescription+4096)
	for more := true; more; {
		line, err := r.ReadSlice('\n')
		if n := len(line); n > 0 && line[n-1] == '\n' {
			line = line[:n-1]
		}
		if err == nil || len(line) > 0 {
			more = use(string(line))
		}
		for err == bufio.ErrBufferFull {
			_, err = r.ReadSlice('\n')
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
