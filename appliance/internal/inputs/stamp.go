package inputs

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const errNotDir = syscall.ENOTDIR

// maxStamps bounds a stored list. A real one holds some hundreds.
const maxStamps = 100_000

// Stamp is what a file looked like: absent, or its mode, size and time of last change.
type Stamp struct {
	Path   string
	Absent bool
	Mode   fs.FileMode
	Size   int64 // 0 for directories, whose size says nothing
	MTime  int64 // ns since 1970
}

func stampOf(host string, info fs.FileInfo) Stamp {
	if info == nil {
		return Stamp{Path: host, Absent: true}
	}
	st := Stamp{Path: host, Mode: info.Mode(), Size: info.Size(), MTime: info.ModTime().UnixNano()}
	if info.IsDir() {
		st.Size = 0
	}
	return st
}

// Stamps returns everything the set looked at, by path. Directories that were only walked through are left out:
// what was wanted in them has a stamp of its own.
func (s *Set) Stamps() []Stamp {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Stamp
	for host, st := range s.stamps {
		if st.Mode.IsDir() && !s.listed[host] {
			continue
		}
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b Stamp) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// Changed returns the path of the first file that does not look as its stamp says, "" when all do.
func Changed(stamps []Stamp) string {
	for _, st := range stamps {
		info, err := os.Lstat(st.Path)
		if err != nil {
			info = nil
			if !missing(err) {
				return st.Path
			}
		}
		if stampOf(st.Path, info) != st {
			return st.Path
		}
	}
	return ""
}

// WriteStamps writes a list as text, one file a line.
func WriteStamps(w io.Writer, stamps []Stamp) error {
	b := bufio.NewWriter(w)
	for _, st := range stamps {
		if st.Absent {
			fmt.Fprintf(b, "- %q\n", st.Path)
			continue
		}
		fmt.Fprintf(b, "%d %d %d %q\n", uint32(st.Mode), st.Size, st.MTime, st.Path)
	}
	return b.Flush()
}

// ReadStamps reads what WriteStamps wrote.
func ReadStamps(r *bufio.Scanner) ([]Stamp, error) {
	var out []Stamp
	for r.Scan() {
		st, err := parseStamp(r.Text())
		if err != nil {
			return nil, err
		}
		if out = append(out, st); len(out) > maxStamps {
			return nil, fmt.Errorf("more than %d inputs", maxStamps)
		}
	}
	return out, r.Err()
}

func parseStamp(line string) (Stamp, error) {
	bad := fmt.Errorf("bad input line %q", line)
	if quoted, ok := strings.CutPrefix(line, "- "); ok {
		name, err := strconv.Unquote(quoted)
		if err != nil {
			return Stamp{}, bad
		}
		return Stamp{Path: name, Absent: true}, nil
	}
	fields := strings.SplitN(line, " ", 4)
	if len(fields) != 4 {
		return Stamp{}, bad
	}
	mode, err1 := strconv.ParseUint(fields[0], 10, 32)
	size, err2 := strconv.ParseInt(fields[1], 10, 64)
	mtime, err3 := strconv.ParseInt(fields[2], 10, 64)
	name, err4 := strconv.Unquote(fields[3])
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil {
		return Stamp{}, bad
	}
	return Stamp{Path: name, Mode: fs.FileMode(mode), Size: size, MTime: mtime}, nil
}
