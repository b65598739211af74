package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Result is what became of one domain.
type Result[T any] struct {
	Domain *DomainGuest
	Value  T
	Err    error
}

// EachDomain has work done on every domain of the libvirt that -c names, several at once, and
// hands the results to show, one after the other in the order of the domains' names, whatever
// finishes first. A domain that fails does not stop the others; show decides what its
// error means. On a terminal a bar shows how far it is.
//
// Work runs on goroutines of its own and must leave the console's output alone.
func EachDomain[T any](ctx context.Context, console *Console, g *Guest, atOnce uint, work func(context.Context, *DomainGuest) (T, error), show func(Result[T]) error) error {
	domains, done, err := g.AllDomains(ctx)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make([]chan Result[T], len(domains))
	slots := make(chan struct{}, Workers(atOnce))
	bar := console.progress(len(domains))
	for i, d := range domains {
		results[i] = make(chan Result[T], 1)
		go func() {
			// In order: the first domains are the first that somebody waits for.
			if i > 0 {
				<-domains[i-1].begun
			}
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
			}
			close(d.begun)
			r := Result[T]{Domain: d}
			if r.Err = ctx.Err(); r.Err == nil {
				r.Value, r.Err = work(ctx, d)
				<-slots
			}
			results[i] <- r
			bar.step()
		}()
	}
	var failed error
	for _, c := range results {
		r := <-c // also after a failure: the appliances must have ended
		if failed == nil && ctx.Err() == nil {
			bar.hide()
			failed = errors.Join(show(r), console.flush())
		}
		if failed != nil {
			cancel()
		}
	}
	bar.end()
	if failed == nil {
		failed = context.Cause(ctx)
	}
	return failed
}

// What an appliance and what all of them together may need. Measured with virt-df over 20
// domains: 39 and 100, of which a damaged filesystem may need more.
const (
	applianceMB = 60
	sharedMB    = 150
)

// Workers is how many guests are looked at at once: what -P says, or for 0 what
// the processors and the free memory of the host allow.
func Workers(asked uint) int {
	if asked > 0 {
		return int(min(asked, 255))
	}
	n := runtime.NumCPU()
	if free := availableMB("/proc/meminfo"); free > 0 {
		n = min(n, (free-sharedMB)/applianceMB)
	}
	return max(n, 1)
}

// availableMB is how much memory programs can still get, 0 where that is not known.
func availableMB(meminfo string) int {
	f, err := os.Open(meminfo)
	if err != nil {
		return 0
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "MemAvailable:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				return 0
			}
			return kib / 1024
		}
	}
	return 0
}

// FailDomain reports that one of all domains failed.
func (c *Console) FailDomain(d *DomainGuest, err error) {
	if !strings.Contains(err.Error(), "libvirt domain "+d.DomainName) {
		err = fmt.Errorf("libvirt domain %s: %w", d.DomainName, err)
	}
	c.Fail(err)
}
