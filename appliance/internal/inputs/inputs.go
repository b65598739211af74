// Package inputs looks at the host's files and remembers what it saw.
//
// The appliance is made of files of the host. Whether a built one is still right is the question whether any of those
// files changed, came or went; so the builder makes every look-up through a Set, also those that found nothing:
//
//	set := inputs.New("/")
//	real, links, err := set.Resolve("/usr/sbin/mke2fs")
//	f, err := set.Open(real)
//	stamps := set.Stamps()            // later: inputs.Changed(stamps)
//
// A Set does not read contents for comparison: size and modification time to the nanosecond stand for them, as they do
// for make. A Set is safe for use from several goroutines.
package inputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
)

// maxLinks bounds a chain of symbolic links, as the kernel does.
const maxLinks = 40

// Set is one view of the host's files below a root directory.
type Set struct {
	root string

	mu     sync.Mutex
	stamps map[string]Stamp // by path on the host
	listed map[string]bool  // directories whose names were read
}

// Link is a symbolic link met on the way to a file: its path, free of links itself, and what it holds.
type Link struct{ Path, Target string }

// New returns a Set of the files below root, "/" but for tests.
func New(root string) *Set {
	return &Set{root: strings.TrimSuffix(root, "/"), stamps: map[string]Stamp{}, listed: map[string]bool{}}
}

// Host returns the path by which the host knows a path of the set.
func (s *Set) Host(name string) string { return s.root + path.Clean("/"+name) }

// Lstat is os.Lstat; what it found, or that it found nothing, is remembered. The first look counts: a file that changes
// while we build must look changed afterwards.
func (s *Set) Lstat(name string) (fs.FileInfo, error) {
	host := s.Host(name)
	info, err := os.Lstat(host)
	if err != nil && !missing(err) {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, seen := s.stamps[host]; !seen {
		s.stamps[host] = stampOf(host, info)
	}
	return info, err
}

// Resolve follows every symbolic link of name, also in its directories, and returns the path without links and the
// links in the order met.
func (s *Set) Resolve(name string) (string, []Link, error) {
	var links []Link
	rest := strings.Split(path.Clean("/"+name), "/")
	real := "/"
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		if part == "" || part == "." {
			continue
		}
		if part == ".." {
			real = path.Dir(real)
			continue
		}
		next := path.Join(real, part)
		info, err := s.Lstat(next)
		if err != nil {
			return "", links, err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			real = next
			continue
		}
		if len(links) == maxLinks {
			return "", links, fmt.Errorf("%s: too many symbolic links", name)
		}
		target, err := os.Readlink(s.Host(next))
		if err != nil {
			return "", links, err
		}
		links = append(links, Link{Path: next, Target: target})
		if path.IsAbs(target) {
			real = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return real, links, nil
}

// Open opens a file for reading, following links.
func (s *Set) Open(name string) (*os.File, error) {
	real, _, err := s.Resolve(name)
	if err != nil {
		return nil, err
	}
	return os.Open(s.Host(real))
}

// ReadFile reads a file whole, following links. Files of more than limit bytes are refused.
func (s *Set) ReadFile(name string, limit int64) ([]byte, error) {
	f, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes, more than the %d allowed", name, info.Size(), limit)
	}
	data := make([]byte, info.Size())
	if _, err := f.ReadAt(data, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// Names returns the sorted names in a directory, none when there is no such directory.
func (s *Set) Names(dir string) ([]string, error) {
	real, _, err := s.Resolve(dir)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.Host(real))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.listed[s.Host(real)] = true
	s.mu.Unlock()
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names, nil
}

// missing reports whether an error means that there is no such file; a file as a directory is that, too.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir)
}
