package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// mounting is one attempt to mount a device on an open directory.
type mounting struct {
	c      *Call
	device string
	dir    int
	flags  uintptr
	data   string
}

// notFilesystems are things that a superblock is found for and that hold no
// files.
var notFilesystems = map[string]string{
	"swap":               "it is swap space",
	"swsuspend":          "it is the memory of a suspended system",
	"crypto_LUKS":        "it is encrypted: open it with cryptsetup_open first",
	"BitLocker":          "it is encrypted: open it with cryptsetup_open first",
	"LVM2_member":        "it is a physical volume of LVM: mount one of its logical volumes",
	"LVM1_member":        "it is a physical volume of LVM: mount one of its logical volumes",
	"linux_raid_member":  "it is part of a RAID array: mount the array",
	"ddf_raid_member":    "it is part of a RAID array",
	"isw_raid_member":    "it is part of a RAID array",
	"zfs_member":         "the appliance has no ZFS",
	"bcache":             "it is part of a bcache",
	"VMFS_volume_member": "it is part of a VMFS datastore",
	"LDM_member":         "it is part of a Windows dynamic disk",
	"ceph_bluestore":     "it is part of a Ceph cluster",
	"squashfs3":          "the kernel only reads squashfs from version 4 on",
}

// mount mounts the device as one of the types, separated by commas, or as
// whatever the kernel takes it for when there is none.
func (w *mounting) mount(types string) error {
	if why, ok := notFilesystems[types]; ok {
		return withErrno(syscall.ENODEV, "unknown filesystem type %q: %s", types, why)
	}
	kernel := openKernelLog()
	defer kernel.close()
	list := strings.Split(types, ",")
	if types == "" {
		list = kernelFilesystems()
	}
	err := error(syscall.EINVAL)
	for _, t := range list {
		if err = w.mountAs(t); !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENODEV) {
			break
		}
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	text := sentence(errno)
	switch {
	case types == "" && errno == syscall.EINVAL:
		text = "no filesystem that the appliance knows"
	case errno == syscall.EINVAL:
		text = "wrong filesystem type, bad option or bad superblock"
	case errno == syscall.ENODEV:
		text = fmt.Sprintf("unknown filesystem type %q", types)
	}
	return withErrno(errno, "%s%s", text, kernel.since())
}

// mountAs mounts the device as one type. NTFS goes through ntfs-3g where the
// appliance has it: it also mounts, read-only, what Windows has not left clean.
func (w *mounting) mountAs(fstype string) error {
	if fstype == "ntfs" || fstype == "ntfs-3g" {
		if _, err := exec.LookPath("ntfs-3g"); err == nil {
			return w.mountNTFS()
		}
		fstype = "ntfs3"
	}
	loadFilesystem(fstype)
	err := w.try(fstype, w.flags, w.data)
	if (err == syscall.EROFS || err == syscall.EACCES) && w.flags&unix.MS_RDONLY == 0 {
		err = w.try(fstype, w.flags|unix.MS_RDONLY, w.data)
	}
	// A journal cannot be replayed on a write-protected device.
	if norecovery := norecoveryOptions[fstype]; err == syscall.EROFS && norecovery != "" {
		data := strings.TrimPrefix(w.data+","+norecovery, ",")
		if w.try(fstype, w.flags|unix.MS_RDONLY, data) == nil {
			w.c.warn("%s: mounted without its journal, since the device is write-protected: the newest changes may be missing", w.device)
			return nil
		}
	}
	return err
}

var norecoveryOptions = map[string]string{"ext3": "noload", "ext4": "noload", "xfs": "norecovery", "btrfs": "rescue=nologreplay"}

func (w *mounting) try(fstype string, flags uintptr, data string) error {
	return unix.Mount(w.device, fdPath(w.dir), fstype, flags, data)
}

func (w *mounting) mountNTFS() error {
	loadFilesystem("fuseblk")
	// ntfs-3g wants a path. This one has no symbolic links in it.
	target, err := os.Readlink(fdPath(w.dir))
	if err != nil {
		return err
	}
	options := "rw"
	if w.flags&unix.MS_RDONLY != 0 {
		options = "ro"
	}
	for _, o := range []string{"nosuid", "nodev", "noexec", "sync", "noatime"} {
		if w.flags&mountFlags[o].flag != 0 {
			options += "," + o
		}
	}
	if w.data != "" {
		options += "," + w.data
	}
	_, err = w.c.run("ntfs-3g", w.device, target, "-o", options)
	return err
}

// loadFilesystem makes the kernel know a filesystem. Loading the module here
// saves the kernel from starting a program to ask for it. What fails here shows
// at the mount.
func loadFilesystem(fstype string) {
	text, err := os.ReadFile("/proc/filesystems")
	if err == nil && bytes.Contains(text, []byte("\t"+fstype+"\n")) {
		return
	}
	for _, m := range append([]string{"fs-" + fstype}, filesystemModules[fstype]...) {
		if err := probeModule(m); err != nil && !errors.Is(err, errNoModule) {
			log.Printf("warning: filesystem %s: %v", fstype, err)
		}
	}
}

// filesystemModules are what a filesystem asks for when it is mounted.
var filesystemModules = map[string][]string{"vfat": {"nls_cp437", "nls_ascii", "nls_iso8859_1", "nls_utf8"}}

// kernelFilesystems lists the filesystems on block devices in the kernel.
func kernelFilesystems() []string {
	text, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		return nil
	}
	var types []string
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "\t"); ok {
			types = append(types, strings.TrimSuffix(name, "\n"))
		}
	}
	return types
}
