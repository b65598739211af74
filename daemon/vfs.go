package daemon

import (
	"errors"
	"log"
	"os"
	"path/filepath"
	"strings"

	"virt-tools/internal/fsprobe"
	"virt-tools/internal/wire"
)

// superblock is what lies on a device, as blkid says. Nothing that is known is
// an empty one. Mostly no program is run; see package fsprobe.
func (c *Call) superblock(device string) (*fsprobe.Superblock, error) {
	if known, ok := c.probed[device]; ok {
		return known.superblock, known.err
	}
	sb, err := c.probe(device)
	if c.probed != nil {
		c.probed[device] = probed{sb, err}
	}
	return sb, err
}

// probed is the answer of a probe.
type probed struct {
	superblock *fsprobe.Superblock
	err        error
}

func (c *Call) probe(device string) (*fsprobe.Superblock, error) {
	f, size, err := openDevice(device)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sb, err := fsprobe.Probe(f, size)
	if err != nil {
		if !errors.Is(err, fsprobe.ErrUnsure) {
			log.Printf("%s: %s: %v", c.name, device, err) // of a device that is damaged blkid may read enough
		}
		return c.askBlkid(device)
	}
	if sb == nil {
		sb = &fsprobe.Superblock{}
	}
	return sb, nil
}

// askBlkid asks for one thing at a time: labels can have any character in
// them, and this is the only form in which blkid does not change any.
func (c *Call) askBlkid(device string) (*fsprobe.Superblock, error) {
	var sb fsprobe.Superblock
	for _, ask := range []struct {
		tag string
		to  *string
	}{{"TYPE", &sb.Type}, {"LABEL", &sb.Label}, {"UUID", &sb.UUID}} {
		const notFound = 2
		out, _, err := c.runProgram(&program{
			argv:   []string{"blkid", "-c", "/dev/null", "-o", "value", "-s", ask.tag, device},
			okExit: []int{notFound},
		})
		if err != nil {
			return nil, err
		}
		*ask.to = strings.TrimSuffix(out, "\n")
		if sb.Type == "" {
			break
		}
	}
	return &sb, nil
}

func (c *Call) vfsType(device string) (string, error) {
	sb, err := c.superblock(device)
	if err != nil {
		return "", err
	}
	return sb.Type, nil
}

func doVfsType(c *Call, m mountable) (string, error) { return c.vfsType(m.Device) }

func doVfsUuid(c *Call, m mountable) (string, error) {
	sb, err := c.superblock(m.Device)
	if err != nil {
		return "", err
	}
	return sb.UUID, nil
}

// doVfsLabel asks the kernel when a btrfs is mounted: its superblock gets the
// label only later.
func doVfsLabel(c *Call, m mountable) (string, error) {
	sb, err := c.superblock(m.Device)
	if err != nil {
		return "", err
	}
	if dir := mountedAt(m.Device); sb.Type == "btrfs" && dir != "" {
		out, err := c.run("btrfs", "filesystem", "label", dir)
		return strings.TrimSuffix(out, "\n"), err
	}
	return sb.Label, nil
}

// mountedAt is where the guest has a device mounted, as the daemon names the
// directory, or "".
func mountedAt(device string) string {
	name, err := kernelName(device)
	if err != nil {
		return ""
	}
	mounts, err := guestMounts(sysroot)
	if err != nil {
		return ""
	}
	for _, m := range mounts {
		if source, err := kernelName(m.Source); err == nil && source == name {
			return m.Target
		}
	}
	return ""
}

// kernelName is the kernel's name of a device, "dm-0" for a /dev/VG/LV.
func kernelName(device string) (string, error) {
	dir, err := sysDir(device)
	if err != nil {
		return "", err
	}
	target, err := os.Readlink(dir)
	if err != nil {
		return "", err
	}
	return filepath.Base(target), nil
}

func doBlkid(c *Call, device string) ([]wire.Pair, error) {
	out, err := c.run("blkid", "-c", "/dev/null", "-p", "-i", "-o", "export", device)
	if err != nil {
		return nil, err
	}
	pairs := []wire.Pair{}
	for line := range strings.Lines(out) {
		if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			pairs = append(pairs, wire.Pair{Key: key, Value: value})
		}
	}
	return pairs, nil
}

// extUUID is the UUID of an ext filesystem, "" of anything else.
func extUUID(device string) string {
	f, size, err := openDevice(device)
	if err != nil {
		return ""
	}
	defer f.Close()
	return fsprobe.ExtUUID(f, size)
}
