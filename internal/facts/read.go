package facts

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

var (
	errNotFile = errors.New("not a regular file of at most 1 MiB")
	errYAML    = errors.New("not YAML that can be read")
)

// file returns the content of a regular file, and nothing if there is none. What is there
// but cannot be read is a warning. The type is looked at first, as opening a fifo would wait
// for ever.
func (r *reader) file(name string) string {
	text, err := r.read(name)
	if err != nil {
		r.failed(name, err)
	}
	return text
}

func (r *reader) read(name string) (string, error) {
	st, err := fs.Stat(r.fsys, name)
	if err != nil {
		return "", plain(err)
	}
	if !st.Mode().IsRegular() || st.Size() > maxFile {
		return "", errNotFile
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return "", plain(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	return string(b), plain(err)
}

// plain is an error without the name of the file, which the caller says.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// list returns the names in a directory, sorted, and nothing if there is none.
func (r *reader) list(dir string) []string {
	st, err := fs.Stat(r.fsys, dir)
	if err != nil || !st.IsDir() {
		return nil
	}
	f, err := r.fsys.Open(dir)
	if err != nil {
		r.failed(dir, plain(err))
		return nil
	}
	defer f.Close()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil
	}
	entries, err := d.ReadDir(maxEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		r.warn("%s: %v", dir, plain(err))
	}
	if len(entries) == maxEntries {
		r.warn("%s: only %d entries are read", dir, maxEntries)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}

// files calls do with each file of a directory whose name ends in suffix, sorted.
func (r *reader) files(dir, suffix string, do func(name, text string)) {
	for _, name := range r.list(dir) {
		if !strings.HasSuffix(name, suffix) {
			continue
		}
		full := path.Join(dir, name)
		text, err := r.read(full)
		if err != nil {
			r.failed(full, err)
			continue
		}
		do(full, text)
	}
}

func (r *reader) exists(name string) bool {
	_, err := fs.Stat(r.fsys, name)
	return err == nil
}

func (r *reader) isDir(name string) bool {
	st, err := fs.Stat(r.fsys, name)
	return err == nil && st.IsDir()
}

// assignments reads NAME=value lines, as shells and systemd write them. The last of two
// for one name counts.
func assignments(text string) map[string]string {
	vars := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		vars[strings.TrimSpace(name)] = unquote(strings.TrimSpace(value))
	}
	return vars
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') {
		if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
			return s[1 : 1+end]
		}
	}
	return s
}

// section is a part of a file with [sections]: names in it may come more than once.
type section struct {
	name  string
	pairs [][2]string
}

func sections(text string) []section {
	var all []section
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' && line[len(line)-1] == ']' {
			all = append(all, section{name: line[1 : len(line)-1]})
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if ok && len(all) > 0 {
			s := &all[len(all)-1]
			s.pairs = append(s.pairs, [2]string{strings.TrimSpace(key), strings.TrimSpace(value)})
		}
	}
	return all
}
