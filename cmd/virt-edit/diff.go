package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/aymanbagabas/go-udiff"
)

// diffMax bounds the files that are compared line by line, in bytes.
const diffMax = 16 << 20

// showDiff writes what changes as a unified diff.
func showDiff(w io.Writer, name, oldFile, newFile string) error {
	before, large, err := readForDiff(oldFile)
	if err != nil {
		return err
	}
	after, largeToo, err := readForDiff(newFile)
	if err != nil {
		return err
	}
	switch {
	case large || largeToo:
		_, err = fmt.Fprintf(w, "Files %s and %s (edited) differ, and are too large to show.\n", name, name)
	case bytes.IndexByte(before, 0) >= 0 || bytes.IndexByte(after, 0) >= 0:
		_, err = fmt.Fprintf(w, "Binary files %s and %s (edited) differ.\n", name, name)
	default:
		_, err = io.WriteString(w, udiff.Unified(name, name+" (edited)", string(before), string(after)))
	}
	return err
}

func readForDiff(file string) (content []byte, large bool, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	content, err = io.ReadAll(io.LimitReader(f, diffMax+1))
	return content, len(content) > diffMax, err
}
