package daemon

import (
	"bufio"
	"io"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// fileTypes are the answers for what has no content to look at.
var fileTypes = map[uint32]string{
	unix.S_IFDIR: "directory", unix.S_IFCHR: "character device", unix.S_IFBLK: "block device",
	unix.S_IFIFO: "FIFO", unix.S_IFLNK: "symbolic link", unix.S_IFSOCK: "socket",
}

// doFile tells what a file is, a link not followed, or what is on a device.
// -z looks into packed files; -S lets the program start others for that.
func doFile(c *Call, path target) (string, error) {
	if path.IsDevice {
		return c.fileType(&program{argv: []string{"file", "-zSbsL", "--", path.Path}})
	}
	st, err := c.statGuest(path.Path, false)
	if err != nil {
		return "", err
	}
	if name, ok := fileTypes[st.Mode&unix.S_IFMT]; ok {
		return name, nil
	}
	real, err := c.resolve(path.Path)
	if err != nil {
		return "", err
	}
	return c.fileType(&program{argv: []string{"file", "-zSb", "--", real}})
}

func (c *Call) fileType(p *program) (string, error) {
	out, _, err := c.runProgram(p)
	return strings.TrimRight(out, " \n"), err
}

const zfileHead = 1 << 20 // bytes of the unpacked file that are looked at

// doZfile tells what is in a packed file.
func doZfile(c *Call, meth, path string) (string, error) {
	if meth != "gzip" && meth != "compress" && meth != "bzip2" {
		return "", withErrno(syscall.EINVAL, "unknown method")
	}
	f, err := c.openRegular(path, unix.O_RDONLY, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := unpackedReader(&meth, bufio.NewReaderSize(f, copyBytes))
	if err != nil {
		return "", err
	}
	return c.fileType(&program{argv: []string{"file", "-bsL", "-"}, stdin: io.LimitReader(text, zfileHead)})
}
