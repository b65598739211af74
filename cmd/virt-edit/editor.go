package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"virt-tools/internal/cli"
)

// editor lets a person change the file. A change that needs one is done by edit, on the
// copy itself: an editor works in place.
type editor struct{}

// Run is not called: see edit.
func (editor) Run(context.Context, io.Writer, io.Reader) error {
	return errors.New("an editor changes a file in place")
}

// edit runs $EDITOR, which may hold arguments, on a file. Ctrl-C belongs to the editor then.
func (editor) edit(ctx context.Context, console *cli.Console, file string) error {
	name := os.Getenv("EDITOR")
	if name == "" {
		name = "vi"
	}
	if err := console.Out.Flush(); err != nil {
		return err
	}
	defer cli.LeaveInterrupts(ctx)()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", name+` "$@"`, "sh", file)
	cmd.Dir = filepath.Dir(file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return cli.Hint(fmt.Errorf("editor %s: %w", name, err), "set EDITOR to the editor to use")
	}
	return nil
}
