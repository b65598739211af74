package calls

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"virt-tools/internal/regf"
	"virt-tools/pkg/guestfs"
)

// TestInspect has a Debian on an LVM, with /boot, /home on a subvolume, swap,
// and a filesystem that cannot be mounted.
func TestInspect(t *testing.T) {
	ctx, g := shared(t)
	const mib = 2048
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	for i, size := range []int64{64, 128, 16, 200} {
		start := int64(mib + i*256*mib)
		must(t, g.PartAdd(ctx, disk(0), "p", start, start+size*mib-1))
	}
	must(t, errors.Join(
		g.PartSetName(ctx, disk(0), 1, "first"),
		g.PartSetGptGuid(ctx, disk(0), 1, "00112233-4455-6677-8899-AABBCCDDEEFF"),
		g.Mkfs(ctx, "ext4", "/dev/sda1", &guestfs.MkfsOpts{Label: "boot"}),
		g.Mkfs(ctx, "btrfs", "/dev/sda2", nil),
		g.Mkswap(ctx, "/dev/sda3", nil),
		g.Pvcreate(ctx, "/dev/sda4"),
		g.Vgcreate(ctx, "vg-0", []guestfs.Device{"/dev/sda4"}),
		g.Lvcreate(ctx, "root", "vg-0", 100),
		g.Mkfs(ctx, "ext4", "/dev/vg-0/root", nil),
	))
	// Damage that is found only when it is mounted.
	must(t, g.Mkfs(ctx, "ext4", disk(1), nil))
	_, err := g.PwriteDevice(ctx, disk(1), make([]byte, 64<<10), 4096)
	must(t, err)

	must(t, g.Mount(ctx, "/dev/sda2", "/"))
	must(t, g.BtrfsSubvolumeCreate(ctx, "/home", nil))
	must(t, g.UmountAll(ctx))
	uuid, err := g.VfsUuid(ctx, "/dev/sda2")
	must(t, err)

	must(t, g.Mount(ctx, "/dev/vg-0/root", "/"))
	putFiles(ctx, t, g, map[guestfs.Path]string{
		"/etc/fstab": "/dev/mapper/vg--0-root / ext4 defaults 0 1\nLABEL=boot /boot ext4\nUUID=" + uuid + " /home btrfs subvol=home 0 0\n" +
			"/dev/vda3 none swap sw 0 0\nUUID=gone /gone ext4\nbroken\nUUID=" + uuid + " /id btrfs subvolid=256\n" +
			"PARTLABEL=first /label ext4\nPARTUUID=00112233-4455-6677-8899-aabbccddeeff /part ext4\n/dev/mapper/gone /no ext4\n",
		"/etc/hostname":          "box.example\n",
		"/etc/debian_version":    "12.4\n",
		"/usr/lib/os-release":    "ID=debian\nVERSION_ID=12\nBUILD_ID=b1\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
		"/usr/bin/sh":            elfHead,
		"/etc/motd":              "",
		"/var/lib/dpkg/status.d": "",
	})
	// An absolute link leads to the guest's file, not to the appliance's.
	must(t, g.LnS(ctx, "/usr/lib/os-release", "/etc/os-release"))
	must(t, g.LnS(ctx, "usr/bin", "/bin"))

	const root guestfs.Mountable = "/dev/vg-0/root"
	roots, err := g.InspectOs(ctx)
	must(t, err)
	same(t, "inspect_os", roots, []guestfs.Mountable{root})
	mounted, err := g.Mounts(ctx)
	must(t, err)
	same(t, "mounted after inspect_os", len(mounted), 0)
	for _, warning := range []string{"/dev/sdb: not looked at", "fstab line 6: no mount point", `fstab: /gone: no device "UUID=gone"`} {
		if !strings.Contains(world.console.String(), warning) {
			t.Errorf("no warning %q", warning)
		}
	}
	roots, err = g.InspectGetRoots(ctx)
	must(t, err)
	same(t, "inspect_get_roots", roots, []guestfs.Mountable{root})

	for _, fact := range []struct {
		name string
		get  func(context.Context, guestfs.Mountable) (string, error)
		want string
	}{
		{"type", g.InspectGetType, "linux"}, {"distro", g.InspectGetDistro, "debian"}, {"product name", g.InspectGetProductName, "12.4"},
		{"product variant", g.InspectGetProductVariant, "unknown"}, {"arch", g.InspectGetArch, "x86_64"}, {"hostname", g.InspectGetHostname, "box.example"},
		{"package format", g.InspectGetPackageFormat, "deb"}, {"package management", g.InspectGetPackageManagement, "apt"},
		{"build id", g.InspectGetBuildId, "b1"}, {"format", g.InspectGetFormat, "installed"},
	} {
		got, err := fact.get(ctx, root)
		must(t, err)
		same(t, fact.name, got, fact.want)
		if _, err := fact.get(ctx, "/dev/sda1"); err == nil {
			t.Errorf("%s of a device that is no root", fact.name)
		}
	}
	for _, flag := range []func(context.Context, guestfs.Mountable) (bool, error){g.InspectIsLive, g.InspectIsNetinst, g.InspectIsMultipart} {
		got, err := flag(ctx, root)
		must(t, err)
		same(t, "installation medium", got, false)
	}
	major, err := g.InspectGetMajorVersion(ctx, root)
	must(t, err)
	minor, err := g.InspectGetMinorVersion(ctx, root)
	must(t, err)
	same(t, "version", []int{major, minor}, []int{12, 4})
	points, err := g.InspectGetMountpoints(ctx, root)
	must(t, err)
	same(t, "mountpoints", points, guestfs.Pairs{
		{Key: "/", Value: string(root)}, {Key: "/boot", Value: "/dev/sda1"}, {Key: "/home", Value: "btrfsvol:/dev/sda2/home"},
		{Key: "/id", Value: "btrfsvol:/dev/sda2/home"}, {Key: "/label", Value: "/dev/sda1"}, {Key: "/part", Value: "/dev/sda1"}, {Key: "/no", Value: "/dev/mapper/gone"},
	})
	filesystems, err := g.InspectGetFilesystems(ctx, root)
	must(t, err)
	same(t, "filesystems", filesystems, []guestfs.Mountable{root, "/dev/sda1", "btrfsvol:/dev/sda2/home", "/dev/sda3", "/dev/mapper/gone"})
	osinfo, err := g.InspectGetOsinfo(ctx, root)
	must(t, err)
	same(t, "osinfo", osinfo, "debian12")
	_, err = g.InspectGetWindowsSystemroot(ctx, root)
	wantErr(t, err, syscall.EINVAL)
	_, err = g.InspectGetWindowsGroupPolicy(ctx, root)
	wantErr(t, err, syscall.EINVAL)
	drives, err := g.InspectGetDriveMappings(ctx, root)
	must(t, err)
	same(t, "drive mappings", len(drives), 0)
}

// TestInspectWindows has a Windows on the second partition of a disk with an
// MBR, and a volume of data on a disk with a GPT.
func TestInspectWindows(t *testing.T) {
	ctx, g := shared(t)
	const mib, start = 2048, 65 * 2048
	must(t, errors.Join(
		g.PartInit(ctx, disk(0), "mbr"),
		g.PartAdd(ctx, disk(0), "p", mib, 32*mib),
		g.PartAdd(ctx, disk(0), "p", start, 200*mib),
		g.Mkfs(ctx, "ntfs", "/dev/sda2", nil),
		g.PartDisk(ctx, disk(1), "gpt"),
		g.Mkfs(ctx, "vfat", "/dev/sdb1", nil),
		g.Mount(ctx, "/dev/sda2", "/"),
	))
	_, err := g.PwriteDevice(ctx, disk(0), []byte{0xcd, 0xab, 0x34, 0x12}, 440)
	must(t, err)
	must(t, g.PartSetGptGuid(ctx, disk(1), 1, "00112233-4455-6677-8899-AABBCCDDEEFF"))

	h := regf.New()
	setValue(t, h, `Microsoft\Windows NT\CurrentVersion`, regf.Data{Name: "ProductName", Type: regf.String, Bytes: regf.UTF16("Windows 7 Professional")})
	setValue(t, h, `Microsoft\Windows NT\CurrentVersion`, regf.Data{Name: "CurrentVersion", Type: regf.String, Bytes: regf.UTF16("6.1")})
	setValue(t, h, `Microsoft\Windows NT\CurrentVersion`, regf.Data{Name: "InstallationType", Type: regf.String, Bytes: regf.UTF16("Client")})
	h.Commit(time.Unix(0, 0))
	software := string(h.Bytes())
	h = regf.New()
	setValue(t, h, "Select", regf.Data{Name: "Current", Type: 4, Bytes: []byte{1, 0, 0, 0}})
	setValue(t, h, `ControlSet001\Services\Tcpip\Parameters`, regf.Data{Name: "Hostname", Type: regf.String, Bytes: regf.UTF16("seven")})
	const startBytes = start * 512
	setValue(t, h, "MountedDevices", regf.Data{Name: `\DosDevices\C:`, Type: 3, Bytes: binary.LittleEndian.AppendUint64([]byte{0xcd, 0xab, 0x34, 0x12}, startBytes)})
	setValue(t, h, "MountedDevices", regf.Data{Name: `\DosDevices\D:`, Type: 3,
		Bytes: []byte("DMIO:ID:\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff")})
	h.Commit(time.Unix(0, 0))
	pe := make([]byte, 0x80)
	copy(pe, "MZ")
	copy(pe[0x3c:], "\x40")
	copy(pe[0x40:], "PE\x00\x00\x64\x86")
	putFiles(ctx, t, g, map[guestfs.Path]string{
		"/Windows/System32/cmd.exe":         string(pe),
		"/Windows/System32/config/SOFTWARE": software,
		"/Windows/System32/config/SYSTEM":   string(h.Bytes()),
	})
	arch, err := g.FileArchitecture(ctx, "/Windows/System32/cmd.exe")
	must(t, err)
	same(t, "file_architecture", arch, "x86_64")

	const root guestfs.Mountable = "/dev/sda2"
	roots, err := g.InspectOs(ctx)
	must(t, err)
	same(t, "inspect_os", roots, []guestfs.Mountable{root})
	for _, fact := range []struct {
		name string
		get  func(context.Context, guestfs.Mountable) (string, error)
		want string
	}{
		{"type", g.InspectGetType, "windows"}, {"product name", g.InspectGetProductName, "Windows 7 Professional"}, {"arch", g.InspectGetArch, "x86_64"},
		{"hostname", g.InspectGetHostname, "seven"}, {"product variant", g.InspectGetProductVariant, "Client"}, {"osinfo", g.InspectGetOsinfo, "win7"},
		{"systemroot", g.InspectGetWindowsSystemroot, "/Windows"}, {"control set", g.InspectGetWindowsCurrentControlSet, "ControlSet001"},
		{"software hive", g.InspectGetWindowsSoftwareHive, "/Windows/System32/config/SOFTWARE"},
		{"system hive", g.InspectGetWindowsSystemHive, "/Windows/System32/config/SYSTEM"},
	} {
		got, err := fact.get(ctx, root)
		must(t, err)
		same(t, fact.name, got, fact.want)
	}
	policy, err := g.InspectGetWindowsGroupPolicy(ctx, root)
	must(t, err)
	same(t, "group policy", policy, false)
	drives, err := g.InspectGetDriveMappings(ctx, root)
	must(t, err)
	same(t, "drive mappings", drives, guestfs.Pairs{{Key: "C", Value: "/dev/sda2"}, {Key: "D", Value: "/dev/sdb1"}})
	points, err := g.InspectGetMountpoints(ctx, root)
	must(t, err)
	same(t, "mountpoints", points, guestfs.Pairs{{Key: "/", Value: string(root)}})
}

// setValue sets a value of a key, which it makes.
func setValue(t *testing.T, h *regf.Hive, path string, d regf.Data) {
	t.Helper()
	n := h.Root()
	for name := range strings.SplitSeq(path, `\`) {
		child, err := h.Child(n, name)
		if err == nil && child == 0 {
			child, err = h.AddChild(n, name)
		}
		must(t, err)
		n = child
	}
	must(t, h.SetValue(n, d))
}

// elfHead is the start of a program for x86-64.
var elfHead = "\x7fELF\x02\x01\x01" + string(make([]byte, 11)) + "\x3e" + string(make([]byte, 45))

// putFiles writes files with the directories that they lie in.
func putFiles(ctx context.Context, t *testing.T, g *guestfs.Handle, files map[guestfs.Path]string) {
	t.Helper()
	for path, text := range files {
		for i := range path {
			if i > 0 && path[i] == '/' {
				must(t, g.MkdirP(ctx, path[:i]))
			}
		}
		must(t, g.Write(ctx, path, []byte(text)))
	}
}
