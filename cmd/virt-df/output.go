package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"virt-tools/internal/cli/record"
	"virt-tools/internal/cli/size"
	"virt-tools/pkg/guestfs"
)

// A printer writes the rows in one of the formats. Nothing is written before the first
// row or the end, so that a guest that cannot be launched leaves no half a table.
type printer interface {
	row(guest string, fs filesystem) error
	guest(name, uuid string, complete bool) error // follows the rows of a guest
	end() error
}

// printer is the one that the options ask for.
func (o *options) printer(w io.Writer) printer {
	switch {
	case o.JSON:
		return &tree{w: w, write: record.JSON}
	case o.YAML:
		return &tree{w: w, write: record.YAML}
	case o.Prometheus:
		return &metrics{w: w}
	case o.CSV:
		return &csv{w: w, numbers: o.numbers()}
	}
	return &table{w: w, numbers: o.numbers()}
}

// numbers are the four columns after the name. In the headings a CSV file and a table agree.
type numbers struct {
	heading [4]string
	of      func(*guestfs.StatVFS) (columns [3]string, percent float64)
}

func (o *options) numbers() numbers {
	switch {
	case o.Inode: // -h changes nothing here
		return numbers{[4]string{"Inodes", "IUsed", "IFree", "IUse%"}, inodes}
	case o.Human:
		return numbers{[4]string{"Size", "Used", "Available", "Use%"}, blocks(size.Human)}
	}
	return numbers{[4]string{"1K-blocks", "Used", "Available", "Use%"}, blocks(size.Kibi)}
}

func blocks(print func(n, unitBytes int64) string) func(*guestfs.StatVFS) ([3]string, float64) {
	return func(s *guestfs.StatVFS) ([3]string, float64) {
		columns := [3]string{
			print(s.Blocks, s.Bsize), print(s.Blocks-s.Bfree, s.Bsize), print(s.Bavail, s.Bsize),
		}
		return columns, percentUsed(s.Blocks, s.Bfree)
	}
}

func inodes(s *guestfs.StatVFS) ([3]string, float64) {
	columns := [3]string{
		strconv.FormatInt(s.Files, 10), strconv.FormatInt(s.Files-s.Ffree, 10), strconv.FormatInt(s.Ffree, 10),
	}
	return columns, percentUsed(s.Files, s.Ffree)
}

// percentUsed is 0 where there is nothing to use: vfat has no inodes. The
// conversions keep the compiler from fusing the steps, which would round differently.
func percentUsed(all, free int64) float64 {
	if all == 0 {
		return 0
	}
	return 100 - float64(float64(100*float64(free))/float64(all))
}

// nameBytes is how wide the first column is, counted in bytes as C's printf does.
const nameBytes = 36

// table prints columns for people.
type table struct {
	w       io.Writer
	numbers numbers
	headed  bool
}

func (t *table) row(guest string, fs filesystem) error {
	if err := t.head(); err != nil {
		return err
	}
	name := guest + ":" + fs.device
	pad := strings.Repeat(" ", max(0, nameBytes-len(name)))
	if len(name) > nameBytes {
		pad = "\n" + strings.Repeat(" ", nameBytes)
	}
	columns, percent := t.numbers.of(fs.stat)
	_, err := fmt.Fprintf(t.w, "%s%s%10s %10s %10s %4.0f%%\n", name, pad, columns[0], columns[1], columns[2], math.Ceil(percent))
	return err
}

func (t *table) guest(string, string, bool) error { return nil }

func (t *table) head() error {
	if t.headed {
		return nil
	}
	t.headed = true
	h := t.numbers.heading
	_, err := fmt.Fprintf(t.w, "%-*s%10s %10s %10s %5s\n", nameBytes, "Filesystem", h[0], h[1], h[2], h[3])
	return err
}

func (t *table) end() error { return t.head() }

// csv prints comma-separated values.
type csv struct {
	w       io.Writer
	numbers numbers
	headed  bool
}

func (c *csv) row(guest string, fs filesystem) error {
	if err := c.head(); err != nil {
		return err
	}
	columns, percent := c.numbers.of(fs.stat)
	return record.CSV(c.w, guest, fs.device, columns[0], columns[1], columns[2], strconv.FormatFloat(percent, 'f', 1, 64))
}

func (c *csv) guest(string, string, bool) error { return nil }

func (c *csv) head() error {
	if c.headed {
		return nil
	}
	c.headed = true
	h := c.numbers.heading
	return record.CSV(c.w, "VirtualMachine", "Filesystem", h[0], h[1], h[2], h[3])
}

func (c *csv) end() error { return c.head() }
