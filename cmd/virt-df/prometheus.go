package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"virt-tools/internal/cli/size"
)

// metrics gathers the rows and writes them in Prometheus's text format, in which all samples
// of a metric stand together. Names and labels are described in the manual page: changing one
// breaks its readers.
type metrics struct {
	w      io.Writer
	rows   []measured
	guests []guestSample
}

type measured struct {
	guest string
	filesystem
}

type guestSample struct {
	name, uuid string
	complete   bool
}

func (m *metrics) row(guest string, fs filesystem) error {
	m.rows = append(m.rows, measured{guest, fs})
	return nil
}

func (m *metrics) guest(name, uuid string, complete bool) error {
	m.guests = append(m.guests, guestSample{name, uuid, complete})
	return nil
}

// gauges are the metrics of a filesystem.
var gauges = []struct {
	name, help string
	value      func(measured) string
}{
	{"size_bytes", "Size of the filesystem.", func(s measured) string { return size.Bytes(s.stat.Blocks, s.stat.Bsize) }},
	{"free_bytes", "Bytes that are not used.", func(s measured) string { return size.Bytes(s.stat.Bfree, s.stat.Bsize) }},
	{"avail_bytes", "Bytes that users other than root can still use.", func(s measured) string { return size.Bytes(s.stat.Bavail, s.stat.Bsize) }},
	{"files", "Inodes of the filesystem, 0 where it has none to run out of.", func(s measured) string { return strconv.FormatInt(s.stat.Files, 10) }},
	{"files_free", "Inodes that are not used.", func(s measured) string { return strconv.FormatInt(s.stat.Ffree, 10) }},
}

func (m *metrics) end() error {
	w := bufio.NewWriter(m.w)
	for _, g := range gauges {
		name := "virt_df_filesystem_" + g.name
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n", name, g.help, name)
		for _, s := range m.rows {
			fmt.Fprintf(w, "%s{guest=%s,device=%s,fstype=%s} %s\n", name, label(s.guest), label(s.device), label(s.kind), g.value(s))
		}
	}
	const name = "virt_df_guest_success"
	fmt.Fprintf(w, "# HELP %s Whether the guest could be looked at.\n# TYPE %s gauge\n", name, name)
	for _, g := range m.guests {
		success := 0
		if g.complete {
			success = 1
		}
		fmt.Fprintf(w, "%s{guest=%s,uuid=%s} %d\n", name, label(g.name), label(g.uuid), success)
	}
	return w.Flush()
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// label quotes a value, which a guest may have chosen and which must be UTF-8.
func label(value string) string {
	return `"` + escapes.Replace(strings.ToValidUTF8(value, "\ufffd")) + `"`
}
