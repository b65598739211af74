package regedit

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"virt-tools/internal/regf"
)

// Merge does to a hive what is said about a key. path is the key's within the
// hive. Each change is written to log, old and new, as lines of a .reg file after
// "-" or "+"; what is so already is none.
func Merge(log io.Writer, h *regf.Hive, path string, k Key) error {
	n, err := Find(h, path)
	if err != nil {
		return err
	}
	if k.Delete {
		if n == 0 {
			return nil
		}
		fmt.Fprintf(log, "-[%s]\n", k.Path)
		return h.DeleteChild(n)
	}
	if n == 0 {
		fmt.Fprintf(log, "+[%s]\n", k.Path)
		if n, err = create(h, path); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(log, " [%s]\n", k.Path)
	}
	for _, v := range k.Values {
		if err := set(log, h, n, v); err != nil {
			return fmt.Errorf("%s: %w", v.Name, err)
		}
	}
	return nil
}

func set(log io.Writer, h *regf.Hive, n regf.Node, v Value) error {
	at, err := h.Value(n, v.Name)
	if err != nil {
		return err
	}
	if at != 0 {
		e := exporter{h: h}
		old, err := e.value(at)
		if err != nil {
			return err
		}
		if !v.Delete && old.Type == v.Type && bytes.Equal(old.Bytes, v.Bytes) {
			return nil
		}
		fmt.Fprintf(log, "-%s", Readable.line(old))
	}
	if v.Delete {
		if at == 0 {
			return nil
		}
		return h.DeleteValue(n, at)
	}
	fmt.Fprintf(log, "+%s", Readable.line(v.Data))
	return h.SetValue(n, v.Data)
}

// Find returns the key at path within a hive, or 0. Case does not matter.
func Find(h *regf.Hive, path string) (regf.Node, error) {
	n := h.Root()
	for name := range steps(path) {
		child, err := h.Child(n, name)
		if err != nil || child == 0 {
			return 0, err
		}
		n = child
	}
	return n, nil
}

func create(h *regf.Hive, path string) (regf.Node, error) {
	n := h.Root()
	for name := range steps(path) {
		child, err := h.Child(n, name)
		if err != nil {
			return 0, err
		}
		if child == 0 {
			if child, err = h.AddChild(n, name); err != nil {
				return 0, err
			}
		}
		n = child
	}
	return n, nil
}

func steps(path string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range strings.SplitSeq(path, `\`) {
			if name != "" && !yield(name) {
				return
			}
		}
	}
}
