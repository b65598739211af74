package qemu

import (
	"context"
	"syscall"
)

// Fault makes reading or writing an image fail, for tests: no setting of a
// program can ask for one.
type Fault struct {
	IO      string // "read" or "write"
	Errno   syscall.Errno
	Sectors []int64 // of the file, 512 bytes each; none: all
}

type faultsKey struct{}

// WithFaults returns a context for Plug in which the image files have faults,
// below their format. QEMU's blkdebug driver makes them.
func WithFaults(ctx context.Context, faults map[string][]Fault) context.Context {
	return context.WithValue(ctx, faultsKey{}, faults)
}

// faulty puts the faults of a file, if it has any, above its node.
func (g *graph) faulty(path string, node options) options {
	faults, _ := g.ctx.Value(faultsKey{}).(map[string][]Fault)
	if len(faults[path]) == 0 {
		return node
	}
	var rules []options
	for _, f := range faults[path] {
		rule := options{"event": "none", "iotype": f.IO, "errno": int(f.Errno)}
		if len(f.Sectors) == 0 {
			rules = append(rules, rule)
		}
		for _, s := range f.Sectors {
			rules = append(rules, options{"event": "none", "iotype": f.IO, "errno": int(f.Errno), "sector": s})
		}
	}
	return options{"driver": "blkdebug", "image": node, "inject-error": rules}
}
