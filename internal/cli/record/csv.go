// Package record writes a program's results for other programs: CSV, JSON and YAML.
//
//	record.CSV(w, "demo.qcow2", "/dev/sda1", "1024")
//	record.JSON(w, report)   // json tags name the keys
//	record.YAML(w, report)   // the same tags, the same order
//
// Keys come in the order of the struct's fields, so that the same result is the same
// bytes. It does not read any of these formats.
package record

import (
	"io"
	"strings"
)

// CSV writes one line of comma-separated fields. A field is quoted only when it holds
// a space, a double quote, a newline or a comma, and a double quote is doubled: the
// rule of the libguestfs tools, which encoding/csv does not follow (it leaves
// spaces bare and ends records in its own way).
func CSV(w io.Writer, fields ...string) error {
	var line strings.Builder
	for i, field := range fields {
		if i > 0 {
			line.WriteByte(',')
		}
		if strings.ContainsAny(field, " \"\n,") {
			field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
		}
		line.WriteString(field)
	}
	line.WriteByte('\n')
	_, err := io.WriteString(w, line.String())
	return err
}
