package main

import (
	"io"

	"virt-tools/internal/cli/record"
)

// writeTree writes the systems as JSON or YAML.
func writeTree(w io.Writer, systems []system, yaml bool) error {
	report := struct {
		Systems []system `json:"operatingsystems"`
	}{systems}
	if yaml {
		return record.YAML(w, report)
	}
	return record.JSON(w, report)
}
