package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"virt-tools/internal/cli/record"
	"virt-tools/internal/cli/size"
)

// lines prints a line for each file, as text or as CSV. Some numbers are padded in
// both, as in libguestfs's.
type lines struct {
	*options
	w   io.Writer
	now time.Time
}

func (o *options) lines(w io.Writer) *lines { return &lines{o, w, time.Now()} }

func (l *lines) print(f *file) error {
	st := &f.stat
	fields := []string{kind(st.StMode), fmt.Sprintf("%04o", st.StMode&0o7777), l.size(st.StSize)}
	if l.UIDs {
		fields = append(fields, fmt.Sprintf("%4d", st.StUid), fmt.Sprintf("%4d", st.StGid))
	}
	if l.times() {
		fields = append(fields, l.time(st.StAtimeSec), l.time(st.StMtimeSec), l.time(st.StCtimeSec))
	}
	if l.ExtraStats {
		fields = append(fields, device(st.StDev), strconv.FormatInt(st.StIno, 10), strconv.FormatInt(st.StNlink, 10),
			device(st.StRdev), strconv.FormatInt(st.StBlocks, 10))
	}
	if l.CSV {
		return l.csv(f, fields)
	}
	if f.checksum != "" {
		fields = append(fields, f.checksum)
	}
	fields = append(fields, f.path)
	if f.is(unix.S_IFLNK) {
		fields = append(fields, "->", f.link)
	}
	_, err := io.WriteString(l.w, strings.Join(fields, " ")+"\n")
	return err
}

// csv quotes names only: times hold a space, and libguestfs leaves them bare.
func (l *lines) csv(f *file, fields []string) error {
	var names []string
	if l.Checksum != nil {
		names = append(names, f.checksum)
	}
	names = append(names, f.path)
	if f.is(unix.S_IFLNK) {
		names = append(names, f.link)
	}
	if _, err := io.WriteString(l.w, strings.Join(fields, ",")+","); err != nil {
		return err
	}
	return record.CSV(l.w, names...)
}

// kind is the letter that ls uses.
func kind(mode int64) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "-"
	case unix.S_IFDIR:
		return "d"
	case unix.S_IFCHR:
		return "c"
	case unix.S_IFBLK:
		return "b"
	case unix.S_IFIFO:
		return "p"
	case unix.S_IFLNK:
		return "l"
	case unix.S_IFSOCK:
		return "s"
	}
	return "u"
}

func (l *lines) size(bytes int64) string {
	switch {
	case l.Human:
		return fmt.Sprintf("%10s", size.Human(bytes, 1))
	case l.CSV:
		return strconv.FormatInt(bytes, 10)
	}
	return fmt.Sprintf("%10d", bytes)
}

func (l *lines) time(seconds int64) string {
	const day = 86400
	switch age := l.now.Unix() - seconds; {
	case l.TimeT:
		return fmt.Sprintf("%10d", seconds)
	case l.TimeRelative:
		return fmt.Sprintf("%8d", age)
	case l.TimeDays:
		return fmt.Sprintf("%3d", age/day)
	}
	return time.Unix(seconds, 0).Format(time.DateTime)
}

func device(number int64) string {
	return fmt.Sprintf("%d:%d", unix.Major(uint64(number)), unix.Minor(uint64(number)))
}
