// Command bench compares this project's virt-df with libguestfs's in one and
// the same run, and prints where our time goes.
//
//	make bench
//	go run ./test/bench -runs 5 -reference-runs 2
//
// Machines are shared and drift, so what counts is the ratio. Of several runs
// the fastest stands for all: what disturbs a run only makes it slower.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"virt-tools/test/guests"
	"virt-tools/test/reference"
)

func main() {
	runs := flag.Int("runs", 5, "runs of our own programs")
	referenceRuns := flag.Int("reference-runs", 2, "runs of libguestfs's programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := &bench{runs: *runs, referenceRuns: *referenceRuns}
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		os.Exit(1)
	}
}

type bench struct {
	runs, referenceRuns int
	tools               *reference.Tools
	virtDF              string
}

// Settings of our own launch: from a saved machine, booted each time, or booted and
// saved for later launches.
const (
	warm   = "template=on"
	cold   = "template=off"
	saving = "saving"
)

func (b *bench) run(ctx context.Context) (err error) {
	if b.virtDF, err = filepath.Abs("bin/virt-df"); err != nil {
		return err
	}
	fmt.Println("making the guests and libguestfs's appliance, if they are not there yet")
	if b.tools, err = reference.New(ctx); err != nil {
		return err
	}
	demo, err := guests.Demo(ctx, os.Stderr)
	if err != nil {
		return err
	}
	single, err := guests.SingleExt4(ctx)
	if err != nil {
		return err
	}
	if err := b.compare(ctx, "one ext4 filesystem in qcow2", single); err != nil {
		return err
	}
	if err := b.compare(ctx, "the demo guest: GPT, five filesystems, LVM", demo); err != nil {
		return err
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

// compare times virt-df on an image, libguestfs's and ours in turn.
func (b *bench) compare(ctx context.Context, what, image string) error {
	var theirs, booted, saved, restored []time.Duration
	for i := range max(b.runs, b.referenceRuns) {
		if i < b.referenceRuns {
			r, err := b.tools.Run(ctx, "virt-df", "-a", image)
			if err != nil || r.Code != 0 {
				return fmt.Errorf("libguestfs's virt-df: exit status %d, %w: %s", r.Code, err, r.Stderr)
			}
			theirs = append(theirs, r.Took)
		}
		for setting, times := range map[string]*[]time.Duration{cold: &booted, saving: &saved, warm: &restored} {
			if i >= b.runs {
				continue
			}
			took, err := b.ours(ctx, setting, image)
			if err != nil {
				return err
			}
			*times = append(*times, took)
		}
	}
	fmt.Printf("\nvirt-df, %s\n", what)
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

func (b *bench) ours(ctx context.Context, setting, image string) (time.Duration, error) {
	env := os.Environ()
	if setting == saving {
		// A kernel option that was never given before has no saved machine yet.
		setting = warm
		env = append(env, fmt.Sprintf("LIBGUESTFS_APPEND=bench=%d", time.Now().UnixNano()))
	}
	env = append(env, "LIBGUESTFS_BACKEND_SETTINGS=force_tcg:"+setting)
	r, err := reference.Run(ctx, env, b.virtDF, "-a", image)
	if err != nil {
		return 0, err
	}
	if r.Code != 0 {
		return 0, fmt.Errorf("virt-df: exit status %d: %s", r.Code, strings.TrimSpace(r.Stderr))
	}
	return r.Took, nil
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
