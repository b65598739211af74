package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"virt-tools/test/reference"
)

// tool times a tool, libguestfs's and ours in turn, ours from a saved machine.
func (b *bench) tool(ctx context.Context, what, name string, args ...string) error {
	return b.pair(ctx, what, name, name, args)
}

// pair is tool for one that has another name here.
func (b *bench) pair(ctx context.Context, what, theirName, name string, args []string) error {
	program, err := filepath.Abs("bin/" + name)
	if err != nil {
		return err
	}
	env := append(os.Environ(), "LIBGUESTFS_BACKEND_SETTINGS=force_tcg:"+warm)
	var theirs, ours []time.Duration
	for i := range max(b.runs, b.referenceRuns) {
		if i < b.referenceRuns {
			r, err := b.tools.Run(ctx, theirName, args...)
			if err := failed("libguestfs's "+theirName, r, err); err != nil {
				return err
			}
			theirs = append(theirs, r.Took)
		}
		if i < b.runs {
			r, err := reference.Run(ctx, env, program, args...)
			if err := failed(name, r, err); err != nil {
				return err
			}
			ours = append(ours, r.Took)
		}
	}
	base, best := slices.Min(theirs), slices.Min(ours)
	fmt.Printf("\n%s, %s: libguestfs %s, ours %s (median %s), 1/%.1f\n", name, what, seconds(base), seconds(best), seconds(median(ours)), base.Seconds()/best.Seconds())
	return nil
}

// failed is the error of a program that could not be run, or that failed.
func failed(name string, r *reference.Result, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case r.Code != 0:
		return fmt.Errorf("%s: exit status %d: %s", name, r.Code, strings.TrimSpace(r.Stderr))
	}
	return nil
}
