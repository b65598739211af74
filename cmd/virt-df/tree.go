package main

import (
	"encoding/json"
	"io"
	"math"

	"virt-tools/internal/cli/size"
)

// tree gathers the rows and writes them as JSON or YAML. The manual page describes the
// keys: adding one is fine, changing or removing one breaks its readers.
type tree struct {
	w     io.Writer
	write func(io.Writer, any) error
	rows  []node
}

type node struct {
	Guest          string      `json:"guest"`
	Filesystem     string      `json:"filesystem"`
	Type           string      `json:"type"`
	SizeBytes      json.Number `json:"size_bytes"` // a damaged filesystem's may exceed 64 bits
	UsedBytes      json.Number `json:"used_bytes"`
	AvailableBytes json.Number `json:"available_bytes"`
	UsedPercent    float64     `json:"used_percent"`
	Inodes         int64       `json:"inodes"`
	InodesUsed     int64       `json:"inodes_used"`
	InodesFree     int64       `json:"inodes_free"`
	InodesPercent  *float64    `json:"inodes_used_percent"` // null: it has no inodes to run out of
}

func (t *tree) row(guest string, fs filesystem) error {
	s := fs.stat
	n := node{
		Guest:          guest,
		Filesystem:     fs.device,
		Type:           fs.kind,
		SizeBytes:      inBytes(s.Blocks, s.Bsize),
		UsedBytes:      inBytes(s.Blocks-s.Bfree, s.Bsize),
		AvailableBytes: inBytes(s.Bavail, s.Bsize),
		UsedPercent:    oneDecimal(percentUsed(s.Blocks, s.Bfree)),
		Inodes:         s.Files,
		InodesUsed:     s.Files - s.Ffree,
		InodesFree:     s.Ffree,
	}
	if s.Files != 0 {
		percent := oneDecimal(percentUsed(s.Files, s.Ffree))
		n.InodesPercent = &percent
	}
	t.rows = append(t.rows, n)
	return nil
}

func (t *tree) guest(string, string, bool) error { return nil }

func inBytes(n, unit int64) json.Number { return json.Number(size.Bytes(n, unit)) }

func oneDecimal(f float64) float64 { return math.Round(f*10) / 10 }

func (t *tree) end() error {
	report := struct {
		Filesystems []node `json:"filesystems"`
	}{t.rows}
	if report.Filesystems == nil {
		report.Filesystems = []node{}
	}
	return t.write(t.w, report)
}
