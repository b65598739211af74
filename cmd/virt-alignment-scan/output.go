package main

import (
	"fmt"
	"io"

	"virt-tools/internal/cli/record"
)

// printer writes partitions; guest is "" when there is only one guest.
type printer interface {
	row(guest string, p partition) error
	end(failed error) error
}

func (o *options) printer(w io.Writer) printer {
	switch {
	case o.JSON:
		return &tree{w: w, write: record.JSON, rows: []node{}}
	case o.YAML:
		return &tree{w: w, write: record.YAML, rows: []node{}}
	case o.Quiet:
		return table{io.Discard}
	}
	return table{w}
}

// table prints lines for people, of libguestfs's columns.
type table struct{ w io.Writer }

func (t table) row(guest string, p partition) error {
	if guest != "" {
		guest += ":"
	}
	alignment := fmt.Sprintf("%12d ", p.alignment)
	if p.alignment >= 1<<10 || p.start == 0 {
		alignment = fmt.Sprintf("%12dK", p.alignment>>10)
	}
	_, err := fmt.Fprintf(t.w, "%s%s %12d %s   %s\n", guest, p.device, p.start, alignment, p.verdict())
	return err
}

func (t table) end(error) error { return nil }

func (p partition) verdict() string {
	switch p.status() {
	case statusPage:
		return "bad (alignment < 4K)"
	case statusStripe:
		return "bad (alignment < 64K)"
	}
	return "ok"
}

// tree writes JSON or YAML at the end. The manual page describes the keys: adding one
// is fine, changing or removing one breaks its readers.
type tree struct {
	w     io.Writer
	write func(io.Writer, any) error
	rows  []node
}

type node struct {
	Guest          string `json:"guest"`
	Partition      string `json:"partition"`
	StartBytes     int64  `json:"start_bytes"`
	AlignmentBytes int64  `json:"alignment_bytes"`
	Aligned4K      bool   `json:"aligned_4k"`
	Aligned64K     bool   `json:"aligned_64k"`
}

func (t *tree) row(guest string, p partition) error {
	t.rows = append(t.rows, node{guest, p.device, p.start, p.alignment, !p.below(pageBytes), !p.below(stripeBytes)})
	return nil
}

func (t *tree) end(failed error) error {
	if failed != nil && len(t.rows) == 0 {
		return nil
	}
	return t.write(t.w, struct {
		Partitions []node `json:"partitions"`
	}{t.rows})
}
