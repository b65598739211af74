package daemon

import (
	"io"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

func doCompressOut(c *Call, ctype, file string, zfile io.Writer, opts *compressOutOpts) error {
	f, err := c.openRegular(file, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return c.compressOut(ctype, f, zfile, opts.Level)
}

func doCompressDeviceOut(c *Call, ctype, device string, zdevice io.Writer, opts *compressDeviceOutOpts) error {
	f, err := os.Open(device)
	if err != nil {
		return err
	}
	return c.compressOut(ctype, f, zdevice, opts.Level)
}

// compressTypes are those of libguestfs; others are only there for archives.
var compressTypes = []string{"compress", "gzip", "bzip2", "xz", "lzop"}

// compressOut packs a file and closes it.
func (c *Call) compressOut(ctype string, f *os.File, w io.Writer, level *int) error {
	defer f.Close()
	if !slices.Contains(compressTypes, ctype) {
		return withErrno(syscall.EINVAL, "unknown compression type")
	}
	total, err := fileSize(f)
	if err != nil {
		return err
	}
	how := defaultLevel
	if level != nil {
		how = max(*level, 0)
	}
	return c.packed(&ctype, how, w, func(w io.Writer) error {
		_, err := c.copyFile(w, f, total)
		return err
	})
}

func doTgzIn(c *Call, tarball io.Reader, directory string) error {
	compress := "gzip"
	return doTarIn(c, tarball, directory, &tarInOpts{Compress: &compress})
}

func doTgzOut(c *Call, directory string, tarball io.Writer) error {
	compress := "gzip"
	return doTarOut(c, directory, tarball, &tarOutOpts{Compress: &compress})
}

func doTxzIn(c *Call, tarball io.Reader, directory string) error {
	compress := "xz"
	return doTarIn(c, tarball, directory, &tarInOpts{Compress: &compress})
}

func doTxzOut(c *Call, directory string, tarball io.Writer) error {
	compress := "xz"
	return doTarOut(c, directory, tarball, &tarOutOpts{Compress: &compress})
}
