package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"virt-tools/appliance/internal/inputs"
)

// rootUUID is the identifier of every empty root filesystem we write; nobody mounts one.
const rootUUID = "6e4cf3d7-0a9c-4b53-9d37-2f1f6c1d7a10"

// rootBytes is the size of it. Libguestfs attaches the file as a disk and wants an ext2 filesystem on it.
const rootBytes = 1 << 20

const readme = `This folder is an appliance: a small Linux that virt-tools starts to look into disk images.
It depends on nothing else of the machine it was made on.

    LIBGUESTFS_PATH=THIS_FOLDER virt-df -a disk.img

libguestfs takes it the same way. The kernel and the programs inside come from the distribution of that
machine, under their own licences; whoever passes this folder on passes them on as well.

kernel        the Linux kernel
initrd        the daemon, kernel modules, and programs with their libraries
root          an empty filesystem: libguestfs asks for one
`

// Write writes a self-contained appliance into dir, which it makes if need be: the files kernel, initrd, root and
// README.fixed, as LIBGUESTFS_PATH wants them. README.fixed comes last, since it makes the folder an appliance.
// When Write fails it leaves nothing that was not there before.
func Write(ctx context.Context, dir string, o *Options) (err error) {
	a, err := Find(ctx, o)
	if err != nil {
		return err
	}
	var undo []string
	defer func() {
		if err != nil {
			for i := len(undo) - 1; i >= 0; i-- {
				os.Remove(undo[i])
			}
		}
	}()
	switch err := os.Mkdir(dir, 0o755); {
	case err == nil:
		undo = append(undo, dir)
	case !errors.Is(err, fs.ErrExist):
		return fmt.Errorf("write the appliance: %w", err)
	}
	for _, part := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{kernelName, func(w io.Writer) error { return copyFile(ctx, w, a.Kernel) }},
		{initrdName, func(w io.Writer) error { return copyFile(ctx, w, a.Initrd) }},
		{rootName, func(w io.Writer) error { return writeRoot(ctx, w) }},
		{readmeName, func(w io.Writer) error { _, err := io.WriteString(w, readme); return err }},
	} {
		name := filepath.Join(dir, part.name)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			undo = append(undo, name)
		}
		if err := replaceFile(name, 0o644, part.write); err != nil {
			return fmt.Errorf("write the appliance: %w", err)
		}
	}
	return nil
}

func copyFile(ctx context.Context, w io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, &interruptible{ctx, f})
	return err
}

// interruptible reads until its context ends.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

// writeRoot writes an empty ext2 filesystem. It is made by mke2fs with all that is random or depends on the time fixed.
func writeRoot(ctx context.Context, w io.Writer) error {
	tmp, err := os.CreateTemp("", "virt-tools-root-")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if err := tmp.Truncate(rootBytes); err != nil {
		return err
	}
	mke2fs, err := findProgram(inputs.New("/"), "mke2fs")
	if err != nil {
		return withHint(fmt.Errorf("mke2fs: %w", err), "install the package e2fsprogs")
	}
	_, err = run(ctx, "/", "env", "E2FSPROGS_FAKE_TIME=1", mke2fs, "-q", "-F", "-t", "ext2",
		"-U", rootUUID, "-E", "hash_seed="+rootUUID, tmp.Name())
	if err != nil {
		return err
	}
	_, err = io.Copy(w, tmp)
	return err
}
