package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"virt-tools/internal/cli"
	"virt-tools/pkg/guestfs"
)

// job is the edits of one guest.
type job struct {
	h       *guestfs.Handle
	system  *cli.System
	console *cli.Console
	dir     string // for the copies
	files   []*copied
}

// copied is a file of the guest with its copies on this computer.
type copied struct {
	path          string // as the user wrote it first
	drive         guestfs.Mountable
	real          string // its name in the guest, without links
	missing       bool
	before, after string
	steps         int
}

// edit changes the copy of a file.
func (j *job) edit(ctx context.Context, e fileEdit) error {
	f, err := j.fetch(ctx, e)
	if err != nil {
		return err
	}
	was := f.after
	for _, c := range e.changes {
		f.steps++
		next := filepath.Join(filepath.Dir(f.before), fmt.Sprintf("%d-%s", f.steps, localName(e.path)))
		if err := makeChange(ctx, j.console, c, next, f.after); err != nil {
			return err
		}
		f.after = next
	}
	if e.changes[0] == (editor{}) {
		same, err := sameContent(was, f.after)
		if err == nil && same {
			_, err = fmt.Fprintln(j.console.Out, "File not changed.")
		}
		return err
	}
	return nil
}

// fetch copies a file of the guest, once.
func (j *job) fetch(ctx context.Context, e fileEdit) (*copied, error) {
	path, err := j.system.Path(ctx, e.path)
	if err != nil {
		return nil, err
	}
	f := &copied{path: e.path, drive: j.system.Drive(), before: filepath.Join(j.dir, fmt.Sprint(len(j.files)), "before")}
	f.real, err = j.h.Realpath(ctx, path)
	if e.create && errors.Is(err, fs.ErrNotExist) {
		f.real, f.missing, err = string(path), true, nil
	}
	if err != nil {
		return nil, err
	}
	for _, have := range j.files {
		if have.drive == f.drive && have.real == f.real {
			return have, nil
		}
	}
	f.after = f.before
	if err := os.Mkdir(filepath.Dir(f.before), 0o700); err != nil {
		return nil, err
	}
	if f.missing {
		err = os.WriteFile(f.before, nil, 0o600)
	} else {
		err = download(ctx, j.h, f.real, f.before)
	}
	if err != nil {
		return nil, err
	}
	j.files = append(j.files, f)
	return f, nil
}

// changed lists the files that are different.
func (j *job) changed() ([]*copied, error) {
	var list []*copied
	for _, f := range j.files {
		same, err := sameContent(f.before, f.after)
		if err != nil {
			return nil, err
		}
		if !same || f.missing {
			list = append(list, f)
		}
	}
	return list, nil
}

func (j *job) show() error {
	files, err := j.changed()
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := showDiff(j.console.Out, f.path, f.before, f.after); err != nil {
			return err
		}
	}
	return nil
}

// write puts what is different into the guest. Until then nothing is written there.
func (j *job) write(ctx context.Context, backup string) error {
	files, err := j.changed()
	if err != nil || len(files) == 0 {
		return err
	}
	if err := j.system.Remount(ctx); err != nil {
		return err
	}
	for _, f := range files {
		if err := j.replace(ctx, f, backup); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
	}
	if err := j.h.UmountAll(ctx); err != nil {
		return err
	}
	return j.h.Shutdown(ctx)
}

func (j *job) replace(ctx context.Context, f *copied, backup string) error {
	path, err := j.system.Path(ctx, f.path)
	if err != nil {
		return err
	}
	content, err := os.Open(f.after)
	if err != nil {
		return err
	}
	defer content.Close()
	how := &guestfs.ReplaceFileOpts{Backup: backup}
	if f.missing {
		how = &guestfs.ReplaceFileOpts{Create: newFileMode}
	}
	return j.h.ReplaceFile(ctx, content, path, how)
}
