package daemon

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
)

var squashfsCompressors = []string{"gzip", "lzma", "lzo", "lz4", "xz", "zstd"}

// doMksquashfs has the image in the appliance's memory before it is sent:
// mksquashfs cannot write to a pipe. One that does not fit is ENOSPC.
func doMksquashfs(c *Call, path string, file io.Writer, opts *mksquashfsOpts) error {
	source, err := c.resolve(path)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("/tmp", "squashfs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l := optionList{argv: []string{"mksquashfs", source, dir + "/image", "-noappend", "-no-progress", "-wildcards", "-no-recovery"}}
	l.oneOf("-comp", "compress", opts.Compress, squashfsCompressors...)
	if opts.Excludes != nil {
		list := *opts.Excludes
		if slices.ContainsFunc(list, func(s string) bool { return strings.ContainsAny(s, "\n") }) {
			l.fail("mksquashfs: excluded names cannot have a newline in them")
		}
		if err := os.WriteFile(dir+"/excludes", []byte(strings.Join(list, "\n")+"\n"), 0o600); err != nil {
			return err
		}
		l.argv = append(l.argv, "-ef", dir+"/excludes")
	}
	if l.err != nil {
		return l.err
	}
	if err := c.squash(l.argv); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f, err := os.Open(dir + "/image")
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = c.copyFile(file, f, uint64(st.Size()))
	return err
}

func (c *Call) squash(argv []string) error {
	defer c.pulse()()
	err := c.runOnly(argv...)
	if err != nil && strings.Contains(err.Error(), "No space left on device") {
		return withErrno(syscall.ENOSPC, "the image does not fit into the appliance's memory: %w", err)
	}
	return err
}
