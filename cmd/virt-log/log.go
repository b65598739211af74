package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"virt-tools/internal/cli"
	"virt-tools/internal/journal"
	"virt-tools/pkg/guestfs"
)

const journalFolder = "var/log/journal"

// linux prints systemd's journal or, where nothing is in it, the log of syslog. A guest with
// neither has no log, which is no error.
func linux(ctx context.Context, g *guestfs.Handle, console *cli.Console) (found bool, err error) {
	n, err := printJournal(ctx, newBlocks(g.FS(ctx)), console)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if n > 0 {
		return true, nil
	}
	for _, name := range []guestfs.Path{"/var/log/syslog", "/var/log/messages"} {
		if err := g.Download(ctx, string(name), console.Out); !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	return false, nil
}

// maxWarnings is how much is said about a damaged journal.
const maxWarnings = 10

// printJournal returns how many entries it has printed.
func printJournal(ctx context.Context, fsys fs.FS, console *cli.Console) (n int, err error) {
	j, err := journal.Open(fsys, journalFolder)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	for ctx.Err() == nil && j.Next() {
		entry, _ := j.Entry()
		if err := printEntry(console.Out, &entry, j.Fields()); err != nil {
			return n, err
		}
		n++
	}
	if ctx.Err() != nil {
		return n, ctx.Err()
	}
	damage := j.Damage()
	for i, err := range damage {
		if i == maxWarnings {
			console.Warn(fmt.Errorf("and %d more", len(damage)-i))
			break
		}
		console.Warn(err)
	}
	return n, nil
}
