package appliance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"virt-tools/internal/cpio"
)

// contentsName is where the initramfs says what it is.
const contentsName = "/etc/appliance.json"

const (
	maxContents = 1 << 20
	maxTarget   = 4096 // of a symbolic link
)

// contents is /etc/appliance.json, which the daemon reads, too.
type contents struct {
	Version  string          `json:"version"`
	Kernel   string          `json:"kernel"`
	Programs []string        `json:"programs"`
	Missing  []string        `json:"missing"`
	Features map[string]bool `json:"features"`
}

// Description says what an appliance is made of. Everything in it is read from the files themselves.
type Description struct {
	Dir       string          `json:"dir"`
	Kernel    KernelFile      `json:"kernel"`
	Initrd    InitrdFile      `json:"initrd"`
	Features  map[string]bool `json:"features"` // true when all programs of a feature are there
	Programs  []Part          `json:"programs"`
	Missing   []string        `json:"missing"` // optional programs that the host did not have
	Modules   []Part          `json:"modules"`
	Libraries []Part          `json:"libraries"`
}

// KernelFile is the kernel of an appliance.
type KernelFile struct {
	Version string `json:"version"`
	Source  string `json:"source"` // the image it was made from
	Format  string `json:"format"` // "vmlinux" or "bzImage"
	Bytes   int64  `json:"bytes"`
}

// InitrdFile is the initramfs of an appliance.
type InitrdFile struct {
	Files       int   `json:"files"`
	Bytes       int64 `json:"bytes"`
	DaemonBytes int64 `json:"daemon_bytes"`
}

// Part is a program, a module or a library in the initramfs.
type Part struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// Describe lists what is in the appliance.
func (a *Appliance) Describe() (*Description, error) {
	d := &Description{Dir: a.Dir}
	inside, err := d.readInitrd(a.Initrd)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Initrd, err)
	}
	d.Kernel.Version, d.Kernel.Source = inside.Version, inside.Kernel
	d.Features, d.Missing = inside.Features, inside.Missing
	if err := d.Kernel.read(a.Kernel); err != nil {
		return nil, err
	}
	return d, nil
}

func (k *KernelFile) read(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	k.Bytes, k.Format = info.Size(), "bzImage"
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err == nil && string(magic[:]) == "\x7fELF" {
		k.Format = "vmlinux"
	}
	return nil
}

// readInitrd walks through the archive. Only what our own builder makes has the file contentsName.
func (d *Description) readInitrd(file string) (*contents, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	d.Initrd.Bytes = info.Size()
	sizes, links := map[string]int64{}, map[string]string{}
	var inside *contents
	for r := cpio.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		d.Initrd.Files++
		name := "/" + h.Name
		switch {
		case name == contentsName && h.Size <= maxContents:
			inside = &contents{}
			if err := json.NewDecoder(r.Data()).Decode(inside); err != nil {
				return nil, fmt.Errorf("%s: %w", contentsName, err)
			}
		case name == "/init":
			d.Initrd.DaemonBytes = h.Size
		case h.Mode&fileType == cpio.Link && h.Size <= maxTarget:
			target, err := io.ReadAll(r.Data())
			if err != nil {
				return nil, err
			}
			links[path.Base(name)] = path.Base(string(target))
		case h.Mode&fileType != cpio.File:
		case strings.HasSuffix(name, ".ko"):
			d.Modules = append(d.Modules, Part{strings.TrimSuffix(path.Base(name), ".ko"), h.Size})
		case strings.Contains(path.Base(name), ".so"):
			d.Libraries = append(d.Libraries, Part{path.Base(name), h.Size})
		default:
			sizes[path.Base(name)] = h.Size
		}
	}
	if inside == nil {
		return nil, errors.New("not an initramfs that virt-appliance made")
	}
	for _, name := range inside.Programs {
		size, ok := sizes[name]
		if !ok { // a link on the host as well
			size = sizes[links[name]]
		}
		d.Programs = append(d.Programs, Part{name, size})
	}
	return inside, nil
}
