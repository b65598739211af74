package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"virt-tools/internal/cli/record"
	"virt-tools/internal/cli/size"
)

// A column is one of the table. libguestfs shows type, size and parent in every long
// output, the others where something listed can have them.
type column struct {
	title string
	of    func(row) string
}

// table are the columns that the options ask for.
func (o *options) table() []column {
	all := []column{{"Name", func(r row) string { return r.name }}}
	if !o.Long {
		return all
	}
	s := o.selection()
	all = append(all, column{"Type", func(r row) string { return r.kind }})
	if s.filesystems {
		all = append(all,
			column{"VFS", func(r row) string { return r.vfs }},
			column{"Label", func(r row) string { return r.label }})
	}
	if s.partitions {
		all = append(all, column{"MBR", func(r row) string { return mbrText(r.mbr) }})
	}
	all = append(all,
		column{"Size", func(r row) string { return sizeText(r.size, o.Human) }},
		column{"Parent", func(r row) string { return strings.Join(r.parents, ",") }})
	if o.UUID {
		all = append(all, column{"UUID", func(r row) string { return r.uuid }})
	}
	return all
}

func mbrText(id int) string {
	if id < 0 {
		return ""
	}
	return fmt.Sprintf("%02x", id)
}

func sizeText(bytes int64, human bool) string {
	switch {
	case bytes < 0:
		return ""
	case human:
		return size.Human(bytes, 1)
	}
	return strconv.FormatInt(bytes, 10)
}

// print writes the rows in the format that the options ask for.
func (o *options) print(w io.Writer, rows []row) error {
	switch {
	case o.JSON:
		return record.JSON(w, o.tree(rows))
	case o.YAML:
		return record.YAML(w, o.tree(rows))
	}
	table := o.table()
	var lines [][]string
	if o.Long && !o.NoTitle {
		var titles []string
		for _, c := range table {
			titles = append(titles, c.title)
		}
		lines = append(lines, titles)
	}
	for _, r := range rows {
		var fields []string
		for _, c := range table {
			fields = append(fields, c.of(r))
		}
		lines = append(lines, fields)
	}
	if o.CSV {
		return writeCSV(w, lines)
	}
	return writeText(w, lines)
}

func writeCSV(w io.Writer, lines [][]string) error {
	for _, fields := range lines {
		if err := record.CSV(w, fields...); err != nil {
			return err
		}
	}
	return nil
}

// roomy is how wide a table may be, in bytes and without what separates its columns,
// for two spaces to stand between them.
const roomy = 72

// writeText pads every column to its widest field, counted in bytes as C does.
func writeText(w io.Writer, lines [][]string) error {
	var widths []int
	for _, fields := range lines {
		for i, field := range fields {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len(orDash(field)))
		}
	}
	total := 0
	for _, width := range widths {
		total += width
	}
	between := "  "
	if total > roomy {
		between = " "
	}
	for _, fields := range lines {
		var line strings.Builder
		for i, field := range fields {
			field = orDash(field)
			line.WriteString(field)
			if i < len(fields)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-len(field)) + between)
			}
		}
		if _, err := io.WriteString(w, line.String()+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func orDash(field string) string {
	if field == "" {
		return "-"
	}
	return field
}
