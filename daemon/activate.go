package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"virt-tools/internal/devmapper"
	"virt-tools/internal/lvm2"
)

// Plain logical volumes are activated as lvm would do it, so that it takes them
// for its own afterwards:
//
//	mapped device VG-LV       each hyphen in a name doubled; UUID LVM-, then those of group and volume
//	node /dev/mapper/VG-LV    there is no udev, and lvm looks for no link
//	link /dev/VG/LV           to that node
//
// Where anything is in doubt, nothing is guessed: lvm itself is run. What is
// active already it leaves alone.

const mapperDir = "/dev/mapper"

// activatePlain activates all logical volumes when all groups are plain. An
// error means that lvm has to.
func activatePlain() error {
	groups, devices, err := plainGroups()
	if err != nil {
		return err
	}
	disks := map[*lvm2.PV]*mappedDisk{}
	for pv, device := range devices {
		if disks[pv], err = openMappedDisk(device); err != nil {
			return err
		}
	}
	if err := probeMapper(); err != nil {
		return err
	}
	dm, err := devmapper.Open()
	if err != nil {
		return err
	}
	defer dm.Close()
	// lvm takes the group that it found last first; so the devices get its numbers.
	for i := range slices.Backward(groups) {
		g := &groups[i]
		if len(g.Volumes) == 0 {
			continue
		}
		if err := ownsDirectory(g.Name); err != nil {
			return err
		}
		for _, v := range g.Volumes {
			if err := activateVolume(dm, g, &v, disks); err != nil {
				return err
			}
		}
	}
	return nil
}

// mappedDisk is a device under a logical volume.
type mappedDisk struct {
	number    string // MAJOR:MINOR
	readAhead int    // sectors
}

func openMappedDisk(device string) (*mappedDisk, error) {
	f, err := os.Open(device)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	readOnly, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKROGET)
	if err != nil || readOnly != 0 {
		return nil, errors.Join(fmt.Errorf("%s cannot be written to", device), err)
	}
	readAhead, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKRAGET)
	if err != nil {
		return nil, err
	}
	return &mappedDisk{fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev)), readAhead}, nil
}

// ownsDirectory tells whether the directory of a group is not there, or is
// LVM's: a group may be named as something else in /dev.
func ownsDirectory(group string) error {
	dir := filepath.Join("/dev", group)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return os.Mkdir(dir, 0o755)
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil || !strings.HasPrefix(target, mapperDir+"/") {
			return fmt.Errorf("%s is not LVM's", dir)
		}
	}
	if len(entries) == 0 {
		return fmt.Errorf("%s is empty, maybe not LVM's", dir)
	}
	return nil
}

// activateVolume makes the mapped device of a volume, its node and its link, or
// nothing.
func activateVolume(dm *devmapper.Control, g *lvm2.Group, v *lvm2.Volume, disks map[*lvm2.PV]*mappedDisk) (err error) {
	name := mapperName(g.Name, v.Name)
	node := filepath.Join(mapperDir, name)
	link := filepath.Join("/dev", g.Name, v.Name)
	uuid := lvmUUIDPrefix + g.UUID + v.UUID
	device, err := dm.Create(name, uuid, mapTable(v, disks), v.ReadOnly)
	if errors.Is(err, syscall.EBUSY) {
		return alreadyActive(dm, name, uuid, node, link)
	}
	if err != nil {
		return err
	}
	undo := []func() error{func() error { return dm.Remove(name) }}
	defer func() {
		for i := len(undo) - 1; i >= 0 && err != nil; i-- {
			err = errors.Join(err, undo[i]())
		}
	}()
	if err := setReadAhead(device, wantedReadAhead(v, disks)); err != nil {
		return err
	}
	const diskGroup = 6
	if err := unix.Mknod(node, unix.S_IFBLK|0o660, int(device)); err != nil {
		return &os.PathError{Op: "mknod", Path: node, Err: err}
	}
	undo = append(undo, func() error { return os.Remove(node) })
	if err := errors.Join(os.Chown(node, 0, diskGroup), os.Chmod(node, 0o660)); err != nil {
		return err
	}
	return os.Symlink(node, link)
}

// alreadyActive checks that a name or a UUID that is taken is the volume's, and
// that all is there that should be.
func alreadyActive(dm *devmapper.Control, name, uuid, node, link string) error {
	st, err := dm.Lookup(uuid)
	if err != nil {
		return err
	}
	var at unix.Stat_t
	if err := unix.Stat(node, &at); err != nil {
		return &os.PathError{Op: "stat", Path: node, Err: err}
	}
	target, err := os.Readlink(link)
	if err != nil {
		return err
	}
	if st.Name != name || !st.Active || at.Mode&unix.S_IFMT != unix.S_IFBLK || at.Rdev != st.Device || target != node {
		return fmt.Errorf("mapped device %s is half active", name)
	}
	return nil
}

// mapperName is the opposite of splitMapperName.
func mapperName(vg, lv string) string {
	return strings.ReplaceAll(vg, "-", "--") + "-" + strings.ReplaceAll(lv, "-", "--")
}

// mapTable is the table of a volume.
func mapTable(v *lvm2.Volume, disks map[*lvm2.PV]*mappedDisk) []devmapper.Target {
	table := []devmapper.Target{}
	for _, s := range v.Segments {
		var params strings.Builder
		kind := "linear"
		if len(s.Stripes) > 1 {
			kind = "striped"
			fmt.Fprintf(&params, "%d %d ", len(s.Stripes), s.Chunk)
		}
		for i, stripe := range s.Stripes {
			if i > 0 {
				params.WriteByte(' ')
			}
			fmt.Fprintf(&params, "%s %d", disks[stripe.PV].number, stripe.Sector)
		}
		table = append(table, devmapper.Target{Start: s.Start, Sectors: s.Sectors, Kind: kind, Params: params.String()})
	}
	return table
}

// wantedReadAhead is how many sectors are to be read ahead at least: twice the
// widest row of stripes, or else what the first device does.
func wantedReadAhead(v *lvm2.Volume, disks map[*lvm2.PV]*mappedDisk) int {
	row := 0
	for _, s := range v.Segments {
		row = max(row, int(s.Chunk)*len(s.Stripes))
	}
	if row > 0 {
		return 2 * row
	}
	return disks[v.Segments[0].Stripes[0].PV].readAhead
}

// setReadAhead raises what a mapped device reads ahead; the kernel counts in
// kilobytes.
func setReadAhead(device uint64, sectors int) error {
	file := fmt.Sprintf("%s/%d:%d/bdi/read_ahead_kb", sysDevBlock, unix.Major(device), unix.Minor(device))
	now, err := readNumber(file)
	if err != nil || 2*now >= sectors {
		return err
	}
	return os.WriteFile(file, []byte(strconv.Itoa((sectors+1)/2)), 0)
}
