package cloneprep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"virt-tools/internal/newid"
	"virt-tools/internal/regf"
	"virt-tools/pkg/guestfs"
)

// hivePath is where Windows keeps its registry. Older ones have capitals.
const hivePath = "/Windows/System32/config/"

// hive is a registry hive of the guest.
type hive struct {
	*regf.Hive
	r    *root
	path string
}

func (r *root) openHive(ctx context.Context, name string) (*hive, error) {
	file, err := r.g.CaseSensitivePath(ctx, guestfs.Path(hivePath+name))
	if err != nil {
		return nil, err
	}
	b, err := r.g.ReadFile(ctx, guestfs.Path(file))
	if err != nil {
		return nil, err
	}
	h, err := regf.Open(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &hive{h, r, file}, nil
}

// settled says whether all changes are in the hive itself. Otherwise Windows
// writes its log over it when it starts.
func (h *hive) settled() error {
	b := h.Bytes()
	if le.Uint32(b[4:]) != le.Uint32(b[8:]) {
		return fmt.Errorf("%s was not written to its end: start Windows and shut it down", h.path)
	}
	return nil
}

func (h *hive) save(ctx context.Context) error {
	h.Commit(time.Now())
	return h.r.replace(ctx, h.path, h.Bytes())
}

// find follows a path of keys with "/" between.
func (h *hive) find(path string) (regf.Node, error) {
	node := h.Root()
	for key := range strings.SplitSeq(path, "/") {
		child, err := h.Child(node, key)
		if err == nil && child == 0 {
			err = fs.ErrNotExist
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %s: %w", h.path, path, err)
		}
		node = child
	}
	return node, nil
}

// text is a value that is a string; "" when there is none.
func (h *hive) text(path, name string) string {
	node, err := h.find(path)
	if err != nil {
		return ""
	}
	value, err := h.Value(node, name)
	if err != nil || value == 0 {
		return ""
	}
	text, err := h.Text(value)
	if err != nil {
		return ""
	}
	return text
}

// setText sets a string, where there is its key.
func (h *hive) setText(path, name, text string) error {
	node, err := h.find(path)
	if err != nil {
		return err
	}
	old := h.text(path, name)
	if err := h.SetValue(node, regf.Data{Name: name, Type: regf.String, Bytes: regf.UTF16(text)}); err != nil {
		return err
	}
	h.r.record("changed", h.path+": "+path+"/"+name, old, text)
	return nil
}

// windowsIdentity gives the system another MachineGuid, and tells its SID, which
// only Windows' own sysprep changes.
func windowsIdentity(ctx context.Context, r *root) error {
	const key, name = "Microsoft/Cryptography", "MachineGuid"
	software, err := r.openHive(ctx, "SOFTWARE")
	if err != nil {
		return err
	}
	if err := software.settled(); err != nil {
		return err
	}
	if software.text(key, name) != "" {
		if err := software.setText(key, name, newid.Filesystem.Random()); err != nil {
			return err
		}
		if err := software.save(ctx); err != nil {
			return err
		}
	}
	sam, err := r.openHive(ctx, "SAM")
	if err != nil {
		return nil // some images are made without
	}
	if sid := sam.machineSID(); sid != "" {
		r.keep(Entry{Operation: r.operation, Kind: "sid", Root: r.device, Old: sid, Reason: "only sysprep of Windows itself changes the machine's SID"})
	}
	return nil
}

// machineSID is the SID that those of local accounts begin with: the last twelve
// bytes of a value.
func (h *hive) machineSID() string {
	node, err := h.find("SAM/Domains/Account")
	if err != nil {
		return ""
	}
	value, err := h.Value(node, "V")
	if err != nil || value == 0 {
		return ""
	}
	b, err := h.Data(value)
	if err != nil || len(b) < 24 {
		return ""
	}
	b = b[len(b)-12:]
	return fmt.Sprintf("S-1-5-21-%d-%d-%d", le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]))
}

var computerName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,13}[A-Za-z0-9])?$`)

// setComputerName sets the name in the sets of settings that Windows may start
// with: for NetBIOS in capitals, for TCP/IP as it is.
func (r *root) setComputerName(ctx context.Context, name string) error {
	short, domain, _ := strings.Cut(name, ".")
	if !computerName.MatchString(short) || strings.Trim(short, "0123456789") == "" {
		return fmt.Errorf("%q is not a name for Windows: at most 15 letters, digits and hyphens, not digits alone", short)
	}
	system, err := r.openHive(ctx, "SYSTEM")
	if err != nil {
		return err
	}
	if err := system.settled(); err != nil {
		return err
	}
	found := false
	for set := 1; set <= 9; set++ {
		control := fmt.Sprintf("ControlSet%03d", set)
		if _, err := system.find(control + "/Control/ComputerName/ComputerName"); err != nil {
			continue
		}
		found = true
		const tcpip = "/Services/Tcpip/Parameters"
		for _, v := range []struct{ key, name, text string }{
			{"/Control/ComputerName/ComputerName", "ComputerName", strings.ToUpper(short)},
			{"/Control/ComputerName/ActiveComputerName", "ComputerName", strings.ToUpper(short)},
			{tcpip, "Hostname", short},
			{tcpip, "NV Hostname", short},
			{tcpip, "Domain", domain},
			{tcpip, "NV Domain", domain},
		} {
			if _, err := system.find(control + v.key); err != nil || v.text == "" {
				continue // this version does without
			}
			if err := system.setText(control+v.key, v.name, v.text); err != nil {
				return err
			}
		}
	}
	if !found {
		return errors.New(system.path + " has no computer name")
	}
	return system.save(ctx)
}
