package appliance

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"virt-tools/appliance/internal/inputs"
)

// temp makes a folder to build in. The lock must be held.
func (c *cache) temp() (string, error) { return os.MkdirTemp(c.dir, tempPrefix) }

// lookup returns the appliance that was built for a request, nil when there is none or an input of it changed. A note
// that cannot be read is as good as none.
func (c *cache) lookup(request string) *Appliance {
	n, lines, err := c.readNote(filepath.Join(c.dir, inputsPrefix+request))
	if err != nil || !hasSize(n.Kernel, n.kernelSize) || !hasSize(n.Initrd, n.initrdSize) {
		return nil
	}
	stamps, err := inputs.ReadStamps(lines)
	if err != nil || len(stamps) == 0 || inputs.Changed(stamps) != "" {
		return nil
	}
	if info, err := os.Stat(n.Dir); err == nil && time.Since(info.ModTime()) > touchEvery {
		now := time.Now()
		os.Chtimes(n.Dir, now, now) // only keeps it from being pruned early
	}
	return n.Appliance
}

// note is the head of a file inputs-*.
type note struct {
	*Appliance
	kernelSize, initrdSize int64
}

// readNote reads the head of a note; the stamps are the lines left.
func (c *cache) readNote(name string) (note, *bufio.Scanner, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return note{}, nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	var head [5]string
	for i := range head {
		lines.Scan()
		head[i] = lines.Text()
	}
	kernelSize, err1 := strconv.ParseInt(head[3], 10, 64)
	initrdSize, err2 := strconv.ParseInt(head[4], 10, 64)
	if head[0] != inputsMagic || !isKey(head[1]) || err1 != nil || err2 != nil {
		return note{}, nil, errors.New("damaged note")
	}
	return note{c.appliance(head[1], head[2]), kernelSize, initrdSize}, lines, nil
}

func isKey(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == 2*sha256.Size
}

func (c *cache) appliance(key, version string) *Appliance {
	dir := filepath.Join(c.dir, appliancePfx+key[:16])
	return &Appliance{Dir: dir, Kernel: filepath.Join(dir, kernelName), Initrd: filepath.Join(dir, initrdName), Version: version, Key: key}
}

func hasSize(file string, size int64) bool {
	info, err := os.Lstat(file)
	return err == nil && info.Mode().IsRegular() && info.Size() == size
}

// keep moves a built appliance to its place and notes what it was made from. The lock must be held.
func (c *cache) keep(tmp, request string, made *Appliance, stamps []inputs.Stamp) (*Appliance, error) {
	a := c.appliance(made.Key, made.Version)
	var sizes [2]int64
	for i, name := range []string{kernelName, initrdName} {
		info, err := os.Stat(filepath.Join(tmp, name))
		if err != nil {
			return nil, err
		}
		sizes[i] = info.Size()
	}
	if !hasSize(a.Kernel, sizes[0]) || !hasSize(a.Initrd, sizes[1]) {
		if err := os.RemoveAll(a.Dir); err != nil {
			return nil, err
		}
		if err := os.Rename(tmp, a.Dir); err != nil {
			return nil, err
		}
	}
	note := filepath.Join(c.dir, inputsPrefix+request)
	err := replaceFile(note, 0o600, func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, "%s\n%s\n%s\n%d\n%d\n", inputsMagic, a.Key, a.Version, sizes[0], sizes[1]); err != nil {
			return err
		}
		return inputs.WriteStamps(w, stamps)
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// clean removes what killed builders left. The lock must be held.
func (c *cache) clean() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) {
			if err := os.RemoveAll(filepath.Join(c.dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// prune removes appliances but the last few used. The lock must be held.
func (c *cache) prune() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	type aged struct {
		dir  string
		used time.Time
	}
	var all []aged
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && e.IsDir() && strings.HasPrefix(e.Name(), appliancePfx) {
			all = append(all, aged{filepath.Join(c.dir, e.Name()), info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b aged) int { return b.used.Compare(a.used) })
	for i, a := range all {
		if i >= keptAppliances && time.Since(a.used) > keptFor {
			if err := os.RemoveAll(a.dir); err != nil {
				return err
			}
		}
	}
	return c.pruneNotes()
}

// pruneNotes removes the notes of appliances that are no more.
func (c *cache) pruneNotes() error {
	notes, err := filepath.Glob(filepath.Join(c.dir, inputsPrefix+"*"))
	if err != nil {
		return err
	}
	for _, note := range notes {
		a, _, err := c.readNote(note)
		if err == nil && hasSize(a.Kernel, a.kernelSize) && hasSize(a.Initrd, a.initrdSize) {
			continue
		}
		if err := os.Remove(note); err != nil {
			return err
		}
	}
	return nil
}
