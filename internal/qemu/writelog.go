package qemu

import (
	"context"
	"os"
)

type writeLogKey struct{}

// WithWriteLog returns a context for Plug in which what is written to image
// files, below their format, is also kept in logs, for tests: in which order the
// blocks came, and where the guest flushed. QEMU's blklogwrites driver makes
// them, in the format of Linux's dm-log-writes. A log is an open, empty file.
func WithWriteLog(ctx context.Context, logs map[string]*os.File) context.Context {
	return context.WithValue(ctx, writeLogKey{}, logs)
}

// logged puts the log of a file, if it has one, above its node.
func (g *graph) logged(path string, node options) (options, error) {
	logs, _ := g.ctx.Value(writeLogKey{}).(map[string]*os.File)
	log := logs[path]
	if log == nil {
		return node, nil
	}
	name, err := g.hand(log, log.Name())
	if err != nil {
		return nil, err
	}
	return options{"driver": "blklogwrites", "file": node, "log": options{"driver": "file", "filename": name}}, nil
}
