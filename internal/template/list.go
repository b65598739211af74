package template

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Entry is a template in a list.
type Entry struct {
	Name  string
	Path  string
	Bytes int64     // on disk
	Used  time.Time // last
	Info  Info
	Err   error // why it cannot be used, as far as that shows without reading its memory
}

// List lists the templates, the last used first.
func (s *Store) List() ([]Entry, error) {
	names, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("template store: %w", err)
	}
	var list []Entry
	for _, n := range names {
		if !strings.HasPrefix(n.Name(), filePrefix) {
			continue
		}
		e := Entry{Name: n.Name(), Path: filepath.Join(s.dir, n.Name())}
		info, err := n.Info()
		if err != nil {
			continue // removed just now
		}
		e.Bytes, e.Used = 512*info.Sys().(*syscall.Stat_t).Blocks, info.ModTime()
		e.Info, e.Err = s.describe(e.Path)
		list = append(list, e)
	}
	slices.SortStableFunc(list, func(a, b Entry) int { return b.Used.Compare(a.Used) })
	return list, nil
}

func (s *Store) describe(path string) (Info, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Info{}, err
	}
	defer f.Close()
	t, err := s.read(f, path)
	if err != nil {
		return Info{}, err
	}
	return t.Info, nil
}

// Prune removes those used longest ago until the rest fits into limit bytes. The
// last used one stays. The lock must be held.
func (s *Store) Prune(limit int64) error {
	list, err := s.List()
	if err != nil {
		return err
	}
	var sum int64
	for i, e := range list {
		if sum += e.Bytes; i > 0 && sum > limit {
			if err := s.Remove(e.Name); err != nil {
				return err
			}
			sum -= e.Bytes
		}
	}
	return s.pruneRefusals()
}
