package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"virt-tools/internal/cli"
	"virt-tools/internal/evtx"
	"virt-tools/pkg/guestfs"
)

// eventLog is the one of Windows that corresponds to that of syslog.
const eventLog = "/Windows/System32/winevt/Logs/System.evtx"

const vista = 6 // the major version from which on event logs are .evtx

// windows prints the event log of a guest whose operating system is Windows.
func windows(ctx context.Context, g *guestfs.Handle, system *cli.System, console *cli.Console) error {
	major, err := g.InspectGetMajorVersion(ctx, system.Root)
	if err != nil {
		return err
	}
	if major < vista {
		return errors.New("event logs of Windows before Vista are not supported")
	}
	path, err := system.Path(ctx, eventLog)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the guest has no event log %s", eventLog)
	}
	if err != nil {
		return err
	}
	return openEvents(ctx, g.FS(ctx), path, console)
}

func openEvents(ctx context.Context, fsys fs.FS, path guestfs.Path, console *cli.Console) (err error) {
	f, err := newBlocks(fsys).Open(strings.TrimPrefix(string(path), "/"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the guest has no event log %s", path)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r, ok := f.(io.ReaderAt)
	if !ok || !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", path)
	}
	if err := printEvents(ctx, r, info.Size(), console); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// printEvents prints an event log as an XML document with one event on a line.
func printEvents(ctx context.Context, r io.ReaderAt, size int64, console *cli.Console) error {
	started := false
	start := func() error {
		if started {
			return nil
		}
		started = true
		_, err := io.WriteString(console.Out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Events>\n")
		return err
	}
	damaged := 0
	err := evtx.Read(r, size, func(record evtx.Record) error {
		return errors.Join(ctx.Err(), start(), printLine(console.Out, record.XML))
	}, func(err error) {
		if damaged++; damaged <= maxWarnings {
			console.Warn(err)
		}
	})
	if err != nil {
		return err
	}
	if damaged > maxWarnings {
		console.Warn(fmt.Errorf("and %d more", damaged-maxWarnings))
	}
	return errors.Join(start(), printLine(console.Out, "</Events>"))
}

func printLine(w *bufio.Writer, line string) error {
	_, err := w.WriteString(line + "\n")
	return err
}
