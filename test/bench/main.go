// Command bench compares this project's virt-df and virt-cat with libguestfs's in
// one and the same run, and prints where our time goes.
//
//	make bench
//	go run ./test/bench -runs 5 -reference-runs 2
//
// Machines are shared and drift, so what counts is the ratio. Of several runs
// the fastest stands for all: what disturbs a run only makes it slower.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"virt-tools/test/guests"
	"virt-tools/test/reference"
)

func main() {
	runs := flag.Int("runs", 5, "runs of our own programs")
	referenceRuns := flag.Int("reference-runs", 2, "runs of libguestfs's programs")
	only := flag.String("only", "", "measure this alone: virt-df, virt-cat, virt-inspector, virt-edit, transfers")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := &bench{runs: *runs, referenceRuns: *referenceRuns, only: *only}
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		os.Exit(1)
	}
}

type bench struct {
	runs, referenceRuns int
	only                string // what to measure, or "" for all
	tools               *reference.Tools
	bin                 string // folder of our programs
}

// Settings of our own launch: from a saved machine, booted each time, or booted and
// saved for later launches.
const (
	warm   = "template=on"
	cold   = "template=off"
	saving = "saving"
)

func (b *bench) run(ctx context.Context) (err error) {
	if b.bin, err = filepath.Abs("bin"); err != nil {
		return err
	}
	fmt.Println("making the guests and libguestfs's appliance, if they are not there yet")
	if b.tools, err = reference.New(ctx); err != nil {
		return err
	}
	if b.only == "" || b.only == "virt-inspector" {
		server, err := guests.Server(ctx, os.Stderr)
		if err != nil {
			return err
		}
		if err := b.tool(ctx, "a Debian 12 with nearly 300 packages", "virt-inspector", "--format=qcow2", "-a", server); err != nil {
			return err
		}
	}
	if b.only == "" || b.only == "virt-edit" {
		if err := b.edits(ctx); err != nil {
			return err
		}
	}
	if b.only == "" || b.only == "transfers" {
		if err := errors.Join(b.transfers(ctx), calls(ctx)); err != nil {
			return err
		}
	}
	demo, err := guests.Demo(ctx, os.Stderr)
	if err != nil {
		return err
	}
	single, err := guests.SingleExt4(ctx)
	if err != nil {
		return err
	}
	for _, c := range []comparison{
		{"virt-df", "one ext4 filesystem in qcow2", []string{"-a", single}},
		{"virt-df", "the demo guest: GPT, five filesystems, LVM", []string{"-a", demo}},
		{"virt-cat", "a file of the demo guest", []string{"-a", demo, "/etc/hostname"}},
	} {
		if b.only != "" && b.only != c.program {
			continue
		}
		if err := b.compare(ctx, c); err != nil {
			return err
		}
	}
	if b.only != "" && b.only != "virt-df" {
		return nil
	}
	if err := manyDrives(ctx, 20); err != nil {
		return err
	}
	for _, setting := range []string{cold, warm} {
		if err := printParts(ctx, single, setting, b.runs); err != nil {
			return err
		}
	}
	return printParts(ctx, demo, warm, b.runs)
}

// comparison is a program to be timed.
type comparison struct {
	program, what string
	args          []string
}

// compare times a program, libguestfs's and ours in turn.
func (b *bench) compare(ctx context.Context, c comparison) error {
	var theirs, booted, saved, restored []time.Duration
	for i := range max(b.runs, b.referenceRuns) {
		if i < b.referenceRuns {
			r, err := b.tools.Run(ctx, c.program, c.args...)
			if err := failed("libguestfs's "+c.program, r, err); err != nil {
				return err
			}
			theirs = append(theirs, r.Took)
		}
		for setting, times := range map[string]*[]time.Duration{cold: &booted, saving: &saved, warm: &restored} {
			if i >= b.runs {
				continue
			}
			took, err := b.ours(ctx, setting, c)
			if err != nil {
				return err
			}
			*times = append(*times, took)
		}
	}
	fmt.Printf("\n%s, %s\n", c.program, c.what)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tfastest\tmedian\tratio\t")
	base := slices.Min(theirs)
	for _, row := range []struct {
		name  string
		times []time.Duration
	}{{"libguestfs", theirs}, {"booted", booted}, {"booted and saved", saved}, {"restored", restored}} {
		fastest := slices.Min(row.times)
		fmt.Fprintf(w, "%s\t%s\t%s\t1/%.1f\t\n", row.name, seconds(fastest), seconds(median(row.times)), base.Seconds()/fastest.Seconds())
	}
	return w.Flush()
}

func (b *bench) ours(ctx context.Context, setting string, c comparison) (time.Duration, error) {
	env := os.Environ()
	if setting == saving {
		// A kernel option that was never given before has no saved machine yet.
		setting = warm
		env = append(env, fmt.Sprintf("LIBGUESTFS_APPEND=bench=%d", time.Now().UnixNano()))
	}
	env = append(env, "LIBGUESTFS_BACKEND_SETTINGS=force_tcg:"+setting)
	r, err := reference.Run(ctx, env, filepath.Join(b.bin, c.program), c.args...)
	if err := failed(c.program, r, err); err != nil {
		return 0, err
	}
	return r.Took, nil
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
