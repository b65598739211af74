package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"virt-tools/internal/cli"
	"virt-tools/internal/regedit"
)

// parsedFile is a .reg file.
type parsedFile struct {
	name string
	keys []regedit.Key
}

// parse reads the files to merge, or standard input.
func (o *options) parse(stdin io.Reader) ([]parsedFile, error) {
	if len(o.args) == 0 {
		keys, err := regedit.Parse(stdin, o.encoding)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		return []parsedFile{{"standard input", keys}}, nil
	}
	var files []parsedFile
	for _, name := range o.args {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		keys, err := regedit.Parse(f, o.encoding)
		_ = f.Close() // it was only read
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, parsedFile{name, keys})
	}
	return files, nil
}

// merge changes hives in memory, and then writes those that are different. An error in
// any key changes nothing in the guest.
func (o *options) merge(ctx context.Context, r *registry, files []parsedFile) error {
	var log io.Writer = io.Discard
	if o.DryRun {
		log = r.console.Out
	}
	for _, file := range files {
		for _, key := range file.keys {
			at, err := r.locate(ctx, key.Path)
			if err == nil && key.Delete && at.path == "" {
				err = cli.Hint(fmt.Errorf("%s: it is the whole file", key.Path), "delete the keys in it one by one")
			}
			if err == nil {
				key.Path = at.name()
				err = regedit.Merge(log, at.hive.Hive, at.path, key)
			}
			if err != nil {
				return fmt.Errorf("%s: line %d: %w", file.name, key.Line, err)
			}
		}
	}
	if o.DryRun {
		return nil
	}
	for _, h := range r.hives {
		if bytes.Equal(h.Bytes(), h.was) {
			continue
		}
		h.Commit(time.Now())
		if err := r.write(ctx, h); err != nil {
			return err
		}
	}
	return nil
}
