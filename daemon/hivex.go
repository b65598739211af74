package daemon

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"virt-tools/internal/regf"
	"virt-tools/internal/wire"
)

// openHive is the registry hive that calls work on. It is in memory: no file of
// the guest is kept open.
type openHive struct {
	*regf.Hive
	file     string
	length   int // of the file, when it was read or written last
	writable bool
}

// doHivexOpen has no use for verbose and debug, which are libhivex's own, nor
// for unsafe: what is damaged shows when it is reached.
func doHivexOpen(c *Call, filename string, opts *hivexOpenOpts) error {
	c.server.hive = nil
	f, err := c.openRegular(filename, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, regf.MaxBytes+1))
	if err != nil {
		return err
	}
	h, err := regf.Open(b)
	if err != nil {
		return withErrno(syscall.ENOTSUP, "%s: %w", filename, err)
	}
	c.server.hive = &openHive{Hive: h, file: filename, length: len(b), writable: opts.Write != nil && *opts.Write}
	return nil
}

func (c *Call) hive() (*openHive, error) {
	if c.server.hive == nil {
		return nil, withErrno(syscall.EINVAL, "%s: you must call 'hivex-open' first to initialize the hivex handle", c.name)
	}
	return c.server.hive, nil
}

func (c *Call) writableHive() (*openHive, error) {
	h, err := c.hive()
	if err == nil && !h.writable {
		err = withErrno(syscall.EROFS, "%s: the hive was not opened for writing", h.file)
	}
	return h, err
}

// hiveErr gives errors of the hive the numbers that libhivex gives them.
func hiveErr(err error) error {
	switch {
	case errors.Is(err, regf.ErrDamaged):
		return withErrno(syscall.EFAULT, "%w", err)
	case errors.Is(err, regf.ErrExists):
		return withErrno(syscall.EEXIST, "%w", err)
	case errors.Is(err, regf.ErrArgument):
		return withErrno(syscall.EINVAL, "%w", err)
	}
	return err
}

// inHive runs fn on the open hive with a handle that may be one.
func inHive[T any](c *Call, handle int64, fn func(h *openHive, at uint32) (T, error)) (T, error) {
	var zero T
	h, err := c.hive()
	if err != nil {
		return zero, err
	}
	if handle <= 0 || handle > regf.MaxBytes {
		return zero, withErrno(syscall.EINVAL, "%d is not a handle of the hive", handle)
	}
	v, err := fn(h, uint32(handle))
	return v, hiveErr(err)
}

func doHivexClose(c *Call) error {
	_, err := c.hive()
	c.server.hive = nil
	return err
}

func doHivexRoot(c *Call) (int64, error) {
	h, err := c.hive()
	if err != nil {
		return 0, err
	}
	return int64(h.Root()), nil
}

func doHivexNodeName(c *Call, nodeh int64) (string, error) {
	return inHive(c, nodeh, func(h *openHive, at uint32) (string, error) { return h.Name(regf.Node(at)) })
}

func doHivexNodeChildren(c *Call, nodeh int64) ([]wire.HivexNode, error) {
	return inHive(c, nodeh, func(h *openHive, at uint32) ([]wire.HivexNode, error) {
		children, err := h.Children(regf.Node(at))
		list := make([]wire.HivexNode, len(children))
		for i, n := range children {
			list[i].HivexNodeH = int64(n)
		}
		return list, err
	})
}

func doHivexNodeGetChild(c *Call, nodeh int64, name string) (int64, error) {
	return inHive(c, nodeh, func(h *openHive, at uint32) (int64, error) {
		n, err := h.Child(regf.Node(at), name)
		return int64(n), err
	})
}

func doHivexNodeParent(c *Call, nodeh int64) (int64, error) {
	return inHive(c, nodeh, func(h *openHive, at uint32) (int64, error) {
		n, err := h.Parent(regf.Node(at))
		return int64(n), err
	})
}

func doHivexNodeValues(c *Call, nodeh int64) ([]wire.HivexValue, error) {
	return inHive(c, nodeh, func(h *openHive, at uint32) ([]wire.HivexValue, error) {
		values, err := h.Values(regf.Node(at))
		list := make([]wire.HivexValue, len(values))
		for i, v := range values {
			list[i].HivexValueH = int64(v)
		}
		return list, err
	})
}

func doHivexNodeGetValue(c *Call, nodeh int64, key string) (int64, error) {
	return inHive(c, nodeh, func(h *openHive, at uint32) (int64, error) {
		v, err := h.Value(regf.Node(at), key)
		return int64(v), err
	})
}

func doHivexValueKey(c *Call, valueh int64) (string, error) {
	return inHive(c, valueh, func(h *openHive, at uint32) (string, error) { return h.Key(regf.Value(at)) })
}

func doHivexValueType(c *Call, valueh int64) (int64, error) {
	return inHive(c, valueh, func(h *openHive, at uint32) (int64, error) {
		t, err := h.Type(regf.Value(at))
		return int64(t), err
	})
}

func doHivexValueValue(c *Call, valueh int64) ([]byte, error) {
	return inHive(c, valueh, func(h *openHive, at uint32) ([]byte, error) { return h.Data(regf.Value(at)) })
}

func doHivexValueString(c *Call, valueh int64) (string, error) {
	return inHive(c, valueh, func(h *openHive, at uint32) (string, error) { return h.Text(regf.Value(at)) })
}

func doHivexValueUtf8(c *Call, valueh int64) (string, error) { return doHivexValueString(c, valueh) }

func doHivexNodeAddChild(c *Call, parent int64, name string) (int64, error) {
	if _, err := c.writableHive(); err != nil {
		return 0, err
	}
	return inHive(c, parent, func(h *openHive, at uint32) (int64, error) {
		n, err := h.AddChild(regf.Node(at), name)
		return int64(n), err
	})
}

func doHivexNodeDeleteChild(c *Call, nodeh int64) error {
	if _, err := c.writableHive(); err != nil {
		return err
	}
	_, err := inHive(c, nodeh, func(h *openHive, at uint32) (struct{}, error) { return struct{}{}, h.DeleteChild(regf.Node(at)) })
	return err
}

func doHivexNodeSetValue(c *Call, nodeh int64, key string, t int64, val []byte) error {
	if _, err := c.writableHive(); err != nil {
		return err
	}
	if t < 0 || t > 1<<32-1 {
		return withErrno(syscall.EINVAL, "%d is not the type of a value", t)
	}
	_, err := inHive(c, nodeh, func(h *openHive, at uint32) (struct{}, error) {
		return struct{}{}, h.SetValue(regf.Node(at), regf.Data{Name: key, Type: uint32(t), Bytes: val})
	})
	return err
}

// doHivexCommit writes the hive to its own file, or to another.
func doHivexCommit(c *Call, filename *string) error {
	h, err := c.writableHive()
	if err != nil {
		return err
	}
	if filename == nil {
		h.Commit(time.Now())
		if err := c.writeHive(h); err != nil {
			return err
		}
		h.length = len(h.Bytes())
		return nil
	}
	if !strings.HasPrefix(*filename, "/") {
		return withErrno(syscall.EINVAL, "%s: path must start with a / character", *filename)
	}
	if !rootMounted() {
		return withErrno(syscall.EINVAL, "%s: you must call 'mount' first to mount the root filesystem", c.name)
	}
	h.Commit(time.Now())
	return c.writeFile(*filename, unix.O_TRUNC, h.Bytes())
}

// writeHive writes a hive over itself: first what it has grown by, so that a
// full disk leaves the old one as it was, the header last.
func (c *Call) writeHive(h *openHive) error {
	const header = 4096
	f, err := c.openRegular(h.file, unix.O_WRONLY, 0)
	if err != nil {
		return err
	}
	b := h.Bytes()
	err = writeParts(f, b, [][2]int{{min(h.length, len(b)), len(b)}, {header, min(h.length, len(b))}, {0, header}})
	if err == nil {
		err = f.Truncate(int64(len(b)))
	}
	if err == nil {
		err = syncFile(f)
	}
	return errors.Join(err, f.Close())
}

// writeParts writes parts of a file, each of which is on the disk before the
// next.
func writeParts(f *os.File, b []byte, parts [][2]int) error {
	for _, p := range parts {
		if p[0] >= p[1] {
			continue
		}
		if _, err := f.WriteAt(b[p[0]:p[1]], int64(p[0])); err != nil {
			return err
		}
		if err := syncFile(f); err != nil {
			return err
		}
	}
	return nil
}
