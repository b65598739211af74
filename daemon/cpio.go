package daemon

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A cpio archive in the newc format has, for each file, a header of the magic
// and thirteen numbers in eight hexadecimal digits, the name with a NUL byte,
// and the content; name and content end at a multiple of four bytes. The last
// file is called TRAILER!!!.
const (
	cpioNewc      = "070701"
	cpioCRC       = "070702" // with the sum of the content's bytes
	cpioNumbers   = 13
	cpioHeader    = len(cpioNewc) + 8*cpioNumbers
	cpioTrailer   = "TRAILER!!!"
	cpioNameMax   = 4096
	cpioBlock     = 512 // an archive ends at a multiple of it
	cpioOutBuffer = 64 << 10
)

// doCpioOut packs a directory. A file with several names is stored once, under
// the first.
func doCpioOut(c *Call, directory string, cpiofile io.Writer, opts *cpioOutOpts) error {
	p := cpioPacker{c: c, magic: cpioNewc, w: bufio.NewWriterSize(cpiofile, cpioOutBuffer), seen: map[inode]bool{}}
	if opts.Format != nil {
		switch *opts.Format {
		case "newc":
		case "crc":
			p.magic = cpioCRC
		default:
			return withErrno(syscall.EINVAL, "%s: format must be 'newc' or 'crc'", *opts.Format)
		}
	}
	if !strings.HasPrefix(directory, "/") { // the table has it as a plain text
		return withErrno(syscall.EINVAL, "%s: path must start with a / character", directory)
	}
	if err := requireRoot(); err != nil {
		return err
	}
	return c.inGuest(func() error {
		if err := unix.Chdir(directory); err != nil {
			return &os.PathError{Op: "chdir", Path: directory, Err: err}
		}
		if err := p.member(".", "."); err != nil {
			return err
		}
		err := c.walk(".", "", func(name, path string, _ fs.FileMode) error { return p.member(name, path[1:]) })
		if err != nil {
			return err
		}
		return p.end()
	})
}

// cpioPacker writes an archive.
type cpioPacker struct {
	c     *Call
	magic string
	w     *bufio.Writer
	n     int64 // bytes written
	seen  map[inode]bool
}

// member packs a file in the current directory.
func (p *cpioPacker) member(name, whole string) error {
	fail := func(err error) error { return &os.PathError{Op: "pack", Path: whole, Err: err} }
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		return fail(err)
	}
	size, sum, link := int64(0), uint32(0), ""
	var file *os.File
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		var err error
		if link, err = os.Readlink(name); err != nil {
			return fail(errnoOf(err))
		}
		size = int64(len(link))
	case unix.S_IFREG:
		if st.Nlink > 1 && p.seen[inodeOf(&st)] {
			break
		}
		p.seen[inodeOf(&st)] = st.Nlink > 1
		fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return fail(err)
		}
		if file, err = blockingFile(fd, whole); err != nil {
			return err
		}
		defer file.Close()
		size = st.Size
		if p.magic == cpioCRC {
			if sum, err = p.sum(file); err != nil {
				return err
			}
		}
	}
	if size > math.MaxUint32 {
		return withErrno(syscall.EFBIG, "%s: a file of %d bytes does not fit into the format", whole, size)
	}
	if err := p.header(whole, &st, uint32(size), sum); err != nil {
		return err
	}
	if file != nil {
		n, err := p.c.copyFile(p, io.LimitReader(file, size), 0)
		if err == nil && n < size {
			err = withErrno(syscall.EIO, "%s: the file ends %d bytes before its size", whole, size-n)
		}
		if err != nil {
			return err
		}
	} else if _, err := io.WriteString(p, link); err != nil {
		return err
	}
	return p.pad(4)
}

func (p *cpioPacker) header(name string, st *unix.Stat_t, size, sum uint32) error {
	fmt.Fprintf(p, "%s%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00", p.magic,
		uint32(st.Ino), st.Mode, st.Uid, st.Gid, uint32(st.Nlink), uint32(st.Mtim.Sec), size,
		unix.Major(st.Dev), unix.Minor(st.Dev), unix.Major(st.Rdev), unix.Minor(st.Rdev), len(name)+1, sum, name)
	return p.pad(4)
}

// sum adds up the bytes of a file, which is read from its start again.
func (p *cpioPacker) sum(f *os.File) (uint32, error) {
	var sum byteSum
	if _, err := p.c.copyFile(&sum, f, 0); err != nil {
		return 0, err
	}
	_, err := f.Seek(0, io.SeekStart)
	return uint32(sum), err
}

type byteSum uint32

func (s *byteSum) Write(p []byte) (int, error) {
	for _, b := range p {
		*s += byteSum(b)
	}
	return len(p), nil
}

func (p *cpioPacker) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.n += int64(n)
	return n, err
}

// pad fills up with zeroes. The buffer keeps the error of an earlier write.
func (p *cpioPacker) pad(multiple int64) error {
	_, err := p.Write(make([]byte, -p.n&(multiple-1)))
	return err
}

func (p *cpioPacker) end() error {
	if err := p.header(cpioTrailer, &unix.Stat_t{Nlink: 1}, 0, 0); err != nil {
		return err
	}
	if err := p.pad(cpioBlock); err != nil {
		return err
	}
	return p.w.Flush()
}
