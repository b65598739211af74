package daemon

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// direntTypes are the letters for types of files.
var direntTypes = map[uint8]byte{
	unix.DT_BLK: 'b', unix.DT_CHR: 'c', unix.DT_DIR: 'd', unix.DT_FIFO: 'f',
	unix.DT_LNK: 'l', unix.DT_REG: 'r', unix.DT_SOCK: 's', unix.DT_UNKNOWN: 'u',
}

// doInternalReaddir sends the entries of a directory one after the other, in
// the order of the filesystem.
func doInternalReaddir(c *Call, dir string, filename io.Writer) error {
	defer c.pulse()()
	d, err := c.openDir(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return c.readDirents(d, func(entry *wire.Dirent) error {
		var e wire.Encoder
		entry.Encode(&e)
		_, err := filename.Write(e.Bytes())
		return err
	})
}

// doInternalReaddirList is readdir as libraries before libguestfs 1.48.2 call it:
// the whole directory must fit into one message.
func doInternalReaddirList(c *Call, dir string) ([]wire.Dirent, error) {
	d, err := c.openDir(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	list, size := []wire.Dirent{}, messageBudget{}
	err = c.readDirents(d, func(entry *wire.Dirent) error {
		list = append(list, *entry)
		return size.add(24 + len(entry.Name))
	})
	return list, err
}

// readDirents reads a directory with the numbers and types that are in it.
func (c *Call) readDirents(d *os.File, fn func(*wire.Dirent) error) error {
	buf := make([]byte, 64<<10)
	for {
		if err := c.Err(); err != nil {
			return err
		}
		n, err := unix.Getdents(int(d.Fd()), buf)
		if err != nil {
			return &os.PathError{Op: "readdir", Path: d.Name(), Err: err}
		}
		if n == 0 {
			return nil
		}
		// Entries are: inode (8 bytes), offset (8), length of the entry (2), type (1), name, NUL.
		const nameAt = 19
		for rest := buf[:n]; len(rest) > nameAt; {
			length := int(binary.NativeEndian.Uint16(rest[16:]))
			if length <= nameAt || length > len(rest) {
				return &os.PathError{Op: "readdir", Path: d.Name(), Err: unix.EIO}
			}
			name, _, _ := bytes.Cut(rest[nameAt:length], []byte{0})
			entry := wire.Dirent{Ino: int64(binary.NativeEndian.Uint64(rest)), Ftyp: '?', Name: string(name)}
			if t, ok := direntTypes[rest[18]]; ok {
				entry.Ftyp = t
			}
			if err := fn(&entry); err != nil {
				return err
			}
			rest = rest[length:]
		}
	}
}
