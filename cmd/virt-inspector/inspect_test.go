package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"virt-tools/internal/cli"
	"virt-tools/internal/facts"
	"virt-tools/pkg/guestfs"
	"virt-tools/test/script"
)

// fixed is a guest that gives fixed answers.
type fixed struct {
	roots       []guestfs.Mountable
	mountpoints guestfs.Pairs
	filesystems []guestfs.Mountable
	drives      guestfs.Pairs
	texts       map[string]string // of the calls that return one, by name
	apps        []guestfs.Application2
	icon        []byte
	facts       string
	broken      map[string]error // by call, or "mount" and the device

	mounted []string
}

func (f *fixed) text(name string) (string, error) {
	if err := f.broken[name]; err != nil {
		return "", err
	}
	if s := f.texts[name]; s != "" {
		return s, nil
	}
	return "unknown", nil
}

func (f *fixed) InspectOs(context.Context) ([]guestfs.Mountable, error) {
	return f.roots, f.broken["os"]
}
func (f *fixed) InspectGetType(context.Context, guestfs.Mountable) (string, error) {
	return f.text("type")
}
func (f *fixed) InspectGetArch(context.Context, guestfs.Mountable) (string, error) {
	return f.text("arch")
}
func (f *fixed) InspectGetDistro(context.Context, guestfs.Mountable) (string, error) {
	return f.text("distro")
}
func (f *fixed) InspectGetProductName(context.Context, guestfs.Mountable) (string, error) {
	return f.text("product")
}
func (f *fixed) InspectGetProductVariant(context.Context, guestfs.Mountable) (string, error) {
	return f.text("variant")
}
func (f *fixed) InspectGetMajorVersion(context.Context, guestfs.Mountable) (int, error) {
	return 12, nil
}
func (f *fixed) InspectGetMinorVersion(context.Context, guestfs.Mountable) (int, error) {
	return 4, nil
}
func (f *fixed) InspectGetPackageFormat(context.Context, guestfs.Mountable) (string, error) {
	return f.text("format")
}
func (f *fixed) InspectGetPackageManagement(context.Context, guestfs.Mountable) (string, error) {
	return f.text("management")
}
func (f *fixed) InspectGetWindowsSystemroot(context.Context, guestfs.Mountable) (string, error) {
	return "/Windows", f.broken["windows"]
}
func (f *fixed) InspectGetWindowsCurrentControlSet(context.Context, guestfs.Mountable) (string, error) {
	return "ControlSet001", f.broken["windows"]
}
func (f *fixed) InspectGetWindowsGroupPolicy(context.Context, guestfs.Mountable) (bool, error) {
	return true, f.broken["windows"]
}
func (f *fixed) InspectGetHostname(context.Context, guestfs.Mountable) (string, error) {
	return f.text("hostname")
}
func (f *fixed) InspectGetBuildId(context.Context, guestfs.Mountable) (string, error) {
	return f.text("build")
}
func (f *fixed) InspectGetOsinfo(context.Context, guestfs.Mountable) (string, error) {
	return f.text("osinfo")
}
func (f *fixed) InspectGetMountpoints(context.Context, guestfs.Mountable) (guestfs.Pairs, error) {
	return f.mountpoints, nil
}
func (f *fixed) InspectGetFilesystems(context.Context, guestfs.Mountable) ([]guestfs.Mountable, error) {
	return f.filesystems, nil
}
func (f *fixed) InspectGetDriveMappings(context.Context, guestfs.Mountable) (guestfs.Pairs, error) {
	return f.drives, nil
}
func (f *fixed) InspectListApplications2(context.Context, guestfs.Mountable) ([]guestfs.Application2, error) {
	return f.apps, f.broken["applications"]
}
func (f *fixed) InspectListSnaps(context.Context, guestfs.Mountable) ([]guestfs.Application2, error) {
	return []guestfs.Application2{{App2Name: "core20"}}, f.broken["snaps"]
}
func (f *fixed) InspectListFlatpaks(context.Context, guestfs.Mountable) ([]guestfs.Application2, error) {
	return nil, f.broken["flatpaks"]
}
func (f *fixed) InspectGetIcon(_ context.Context, _ guestfs.Mountable, opts *guestfs.InspectGetIconOpts) ([]byte, error) {
	if !opts.NoFavicon || !opts.HighQuality {
		return []byte("a favicon"), nil
	}
	return f.icon, f.broken["icon"]
}
func (f *fixed) InspectFacts(context.Context, guestfs.Mountable) (string, error) {
	return f.facts, f.broken["facts"]
}
func (f *fixed) CanonicalDeviceName(_ context.Context, device guestfs.Device) (guestfs.Device, error) {
	if device == "/dev/mapper/vg-root" {
		return "/dev/vg/root", nil
	}
	return "", errors.New("no such device")
}
func (f *fixed) VfsType(context.Context, guestfs.Mountable) (string, error) {
	return cmp.Or(f.texts["filesystem"], "ext4"), nil
}
func (f *fixed) VfsLabel(_ context.Context, m guestfs.Mountable) (string, error) {
	if m == "/dev/sda1" {
		return "boot", nil
	}
	return "", errors.New("no label")
}
func (f *fixed) VfsUuid(context.Context, guestfs.Mountable) (string, error) { return "", nil }
func (f *fixed) MountRo(_ context.Context, m guestfs.Mountable, dir string) error {
	if err := f.broken["mount "+string(m)]; err != nil {
		return err
	}
	f.mounted = append(f.mounted, string(m)+" "+dir)
	return nil
}
func (f *fixed) MountVfs(_ context.Context, options, kind string, m guestfs.Mountable, dir string) error {
	if err := f.broken["mount "+options]; err != nil {
		return err
	}
	f.mounted = append(f.mounted, kind+" "+options+" "+string(m)+" "+dir)
	return nil
}
func (f *fixed) UmountAll(context.Context) error {
	f.mounted = append(f.mounted, "umount")
	return f.broken["umount"]
}

func sampleGuest() *fixed {
	return &fixed{
		roots:       []guestfs.Mountable{"/dev/mapper/vg-root"},
		mountpoints: guestfs.Pairs{{Key: "/usr/local", Value: "/dev/sdb1"}, {Key: "/boot", Value: "/dev/sda1"}, {Key: "/", Value: "/dev/mapper/vg-root"}, {Key: "/aaaa", Value: "/dev/gone"}},
		filesystems: []guestfs.Mountable{"/dev/sda1", "/dev/mapper/vg-root", "btrfsvol:/dev/sdc/@"},
		texts:       map[string]string{"type": "linux", "distro": "debian", "format": "deb", "hostname": "box"},
		apps:        []guestfs.Application2{{App2Name: "bash", App2Epoch: 1, App2Version: "5.2", App2Release: "1", App2Arch: "amd64", App2Summary: "shell"}},
		icon:        []byte("PNG"),
		facts:       `{"time_zone": "UTC"}`,
		broken:      map[string]error{},
	}
}

// looked runs look as the program would and returns its result and messages.
func looked(t *testing.T, g *fixed, want wanted) (systems []system, messages string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	disk := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var opts options
	status = program.Run(t.Context(), []string{"-a", disk}, cli.Stdio{Out: &out, Err: &errs}, &opts, func(ctx context.Context, console *cli.Console) (err error) {
		systems, err = look(ctx, g, console, want)
		return err
	})
	return systems, errs.String(), status
}

func TestLook(t *testing.T) {
	g := sampleGuest()
	got, messages, status := looked(t, g, wanted{true, true, true, true})
	want := []system{{
		Root: "/dev/vg/root", Name: "linux", Distro: "debian", Major: 12, Minor: 4, PackageFormat: "deb", Hostname: "box",
		Mountpoints: []mountpoint{{"/dev/vg/root", "/"}, {"/dev/gone", "/aaaa"}, {"/dev/sda1", "/boot"}, {"/dev/sdb1", "/usr/local"}},
		Filesystems: []filesystem{
			{Device: "btrfsvol:/dev/sdc/@", Type: "ext4"}, {Device: "/dev/vg/root", Type: "ext4"}, {Device: "/dev/sda1", Type: "ext4", Label: "boot"},
		},
		Applications: &[]application{{Name: "bash", Epoch: 1, Version: "5.2", Release: "1", Arch: "amd64", Summary: "shell"}},
		Snaps:        []application{{Name: "core20"}},
		Flatpaks:     []application{},
		Icon:         []byte("PNG"),
		Facts:        &facts.Facts{TimeZone: "UTC"},
	}}
	// Sorted by the names that the guest has for them.
	slices.SortFunc(want[0].Filesystems, func(a, b filesystem) int {
		plain := func(s string) string { return strings.Replace(s, "/dev/vg/root", "/dev/mapper/vg-root", 1) }
		return strings.Compare(plain(a.Device), plain(b.Device))
	})
	if d := gocmp.Diff(want, got); d != "" || messages != "" || status != 0 {
		t.Errorf("status %d, messages %q, -want +got:\n%s", status, messages, d)
	}
	if want := []string{"/dev/vg/root /", "/dev/gone /aaaa", "/dev/sda1 /boot", "/dev/sdb1 /usr/local", "umount"}; !slices.Equal(g.mounted, want) {
		t.Errorf("mounted %q; want %q", g.mounted, want)
	}
}

// Nothing is mounted if nothing is asked that needs it.
func TestLookLittle(t *testing.T) {
	g := sampleGuest()
	got, _, _ := looked(t, g, wanted{})
	if len(g.mounted) != 0 || got[0].Applications != nil || got[0].Icon != nil || got[0].Facts != nil {
		t.Errorf("mounted %q, system %+v", g.mounted, got[0])
	}
}

// What cannot be read of a system is a warning, and the rest is there.
func TestLookWarns(t *testing.T) {
	g := sampleGuest()
	for _, call := range []string{"applications", "snaps", "flatpaks", "icon", "facts", "mount /dev/sdb1"} {
		g.broken[call] = errors.New(call + " is broken\x1b[1m")
	}
	got, messages, status := looked(t, g, wanted{true, true, true, true})
	const want = `virt-inspector: warning: /dev/mapper/vg-root: /dev/sdb1 is not mounted on /usr/local: mount /dev/sdb1 is broken\x1b[1m
virt-inspector: warning: /dev/mapper/vg-root: the applications are not listed: applications is broken\x1b[1m
virt-inspector: warning: /dev/mapper/vg-root: the snaps are not listed: snaps is broken\x1b[1m
virt-inspector: warning: /dev/mapper/vg-root: the flatpaks are not listed: flatpaks is broken\x1b[1m
virt-inspector: warning: /dev/mapper/vg-root: there is no icon: icon is broken\x1b[1m
virt-inspector: warning: /dev/mapper/vg-root: the facts are not known: facts is broken\x1b[1m
`
	if d := gocmp.Diff(want, messages); d != "" || status != 0 {
		t.Errorf("status %d, messages -want +got:\n%s", status, d)
	}
	if got[0].Hostname != "box" || got[0].Applications != nil {
		t.Errorf("system %+v", got[0])
	}
	g = sampleGuest()
	g.broken["mount /dev/vg/root"] = errors.New("broken")
	if got, messages, _ := looked(t, g, wanted{true, true, true, true}); len(got) != 1 || got[0].Applications != nil || strings.Count(messages, "\n") != 1 {
		t.Errorf("without its root: %+v, %q", got, messages)
	}
}

func TestLookFails(t *testing.T) {
	for _, test := range []struct {
		broken, want string
	}{
		{"os", "virt-inspector: error: broken\n"},
		{"hostname", "virt-inspector: error: /dev/mapper/vg-root: broken\n"},
		{"umount", "virt-inspector: error: /dev/mapper/vg-root: broken\n"},
	} {
		g := sampleGuest()
		g.broken[test.broken] = errors.New("broken")
		if _, messages, status := looked(t, g, wanted{true, true, true, true}); messages != test.want || status != 1 {
			t.Errorf("%s: status %d, messages %q; want %q", test.broken, status, messages, test.want)
		}
	}
	g := &fixed{}
	if _, messages, status := looked(t, g, wanted{}); status != 1 || !strings.HasPrefix(messages, "virt-inspector: error: no operating system was found on this disk\nvirt-inspector: hint: ") {
		t.Errorf("no system: status %d, messages %q", status, messages)
	}
}

// Of ufs the variant is tried.
func TestLookUFS(t *testing.T) {
	g := sampleGuest()
	g.texts["filesystem"] = "ufs"
	g.mountpoints, g.filesystems = guestfs.Pairs{{Key: "/", Value: "/dev/sda2"}}, []guestfs.Mountable{"/dev/sda2"}
	g.broken["mount ro,ufstype=ufs2"] = errors.New("not that one")
	_, messages, status := looked(t, g, wanted{facts: true})
	if want := []string{"ufs ro,ufstype=44bsd /dev/sda2 /", "umount"}; !slices.Equal(g.mounted, want) || messages != "" || status != 0 {
		t.Errorf("mounted %q, messages %q, status %d; want %q", g.mounted, messages, status, want)
	}
}

func TestAddOpened(t *testing.T) {
	f := &facts.Facts{Encrypted: []facts.Encrypted{{Name: "root_crypt", Device: "UUID=1-2"}}}
	addOpened(f, []filesystem{{Device: "/dev/sda1"}, {Device: "/dev/mapper/luks-1-2"}, {Device: "/dev/mapper/luks-3-4"}, {Device: "/dev/mapper/cryptsda3"}, {Device: "/dev/mapper/vg-root"}})
	want := []facts.Encrypted{{Name: "root_crypt", Device: "UUID=1-2"}, {Name: "luks-3-4", Device: "UUID=3-4"}, {Name: "cryptsda3", Device: "/dev/sda3"}}
	if d := gocmp.Diff(want, f.Encrypted); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// A registry that cannot be read leaves out what it would have said.
func TestLookWindows(t *testing.T) {
	g := sampleGuest()
	g.texts["type"] = "windows"
	g.drives = guestfs.Pairs{{Key: "d", Value: "/dev/sdb1"}, {Key: "C", Value: "/dev/sda1"}}
	got, _, _ := looked(t, g, wanted{})
	if s := got[0]; s.SystemRoot != "/Windows" || s.ControlSet != "ControlSet001" || !s.GroupPolicy || s.DriveMappings[0] != (driveMapping{"C", "/dev/sda1"}) {
		t.Errorf("system %+v", s)
	}
	g.broken["windows"] = errors.New("no hive")
	if _, messages, status := looked(t, g, wanted{}); status != 0 || messages != "" {
		t.Errorf("status %d, messages %q", status, messages)
	}
}

// sample is two systems with everything that can be written.
func sample() []system {
	boot := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	return []system{{
		Root: "/dev/vg/root", Name: "linux", Arch: "x86_64", Distro: "debian", ProductName: `12.4 "<&>'`, Major: 12, Minor: 4, PackageFormat: "deb",
		PackageManagement: "apt", Hostname: "evil\x1b[1m\xff\u0000\r\n\ufffe", BuildID: "b1", Osinfo: "debian12",
		Mountpoints: []mountpoint{{"/dev/vg/root", "/"}, {"btrfsvol:/dev/sdb/a \"<\t", "/home"}},
		Filesystems: []filesystem{{Device: "/dev/gone"}, {Device: "/dev/vg/root", Type: "ext4", Label: "root", UUID: "1-2"}},
		Applications: &[]application{
			{Name: "libc6", Version: "2.36", Release: "9+deb12u3", Arch: "amd64", URL: "https://www.gnu.org/software/libc/libc.html", Source: "glibc", Summary: "GNU C Library", Description: "Two\nlines"},
			{Name: "vim", Epoch: 2, Version: "9.0", Arch: "all", URL: "javascript:alert(1)"},
			{Name: "vim", Epoch: 2, Version: "9.0", Arch: "all"},
		},
		Icon: bytes.Repeat([]byte{0x89, 'P', 'N', 'G'}, 20),
		Facts: &facts.Facts{
			TimeZone: "Europe/Berlin", Locale: "de_DE.UTF-8", Firmware: "bios,uefi", BootLoaders: []string{"grub2"},
			Kernels:    []facts.Kernel{{Version: "6.1", Path: "/boot/vmlinuz-6.1", Initrd: "/boot/initrd.img-6.1", Modules: "/lib/modules/6.1"}},
			Interfaces: []facts.Interface{{Name: "eth0", MAC: "52:54:00:00:00:01", DHCP4: true, DHCP6: true, Addresses: []string{"192.0.2.1/24"}, Gateways: []string{"192.0.2.2"}, Nameservers: []string{"192.0.2.3"}, Source: "ifcfg"}},
			Users:      []facts.User{{Name: "root", UID: "0", Home: "/root", Shell: "/bin/bash"}},
			Services:   []string{"ssh.service"}, Encrypted: []facts.Encrypted{{Name: "crypt", Device: "UUID=1"}},
			LastBoot: &boot, LastShutdown: &boot, Warnings: []string{"etc/x: too large"},
		},
	}, {
		Root: "/dev/sda3", Name: "windows", Arch: "x86_64", Distro: "windows", ProductName: "Windows 10 Pro", ProductVariant: "Client", Major: 10,
		SystemRoot: "/Windows", ControlSet: "ControlSet001", GroupPolicy: true, BuildID: "19045", Osinfo: "win10",
		Mountpoints: []mountpoint{{"/dev/sda3", "/"}}, Filesystems: []filesystem{{Device: "/dev/sda3", Type: "ntfs"}},
		DriveMappings: []driveMapping{{"C", "/dev/sda3"}},
		Applications:  &[]application{{Name: "7-Zip", DisplayName: "7-Zip 23.01 (x64)", Version: "23.01", InstallPath: `C:\Program Files\7-Zip\`, Publisher: "Igor Pavlov"}},
	}, {
		Root: "/dev/sdb1", Major: 0, Mountpoints: []mountpoint{}, Filesystems: []filesystem{}, Applications: &[]application{},
	}}
}

func TestFormats(t *testing.T) {
	withoutFacts := sample()
	withoutFacts[0].Facts = nil
	for _, test := range []struct {
		name    string
		opts    options
		systems []system
	}{
		{"report.xml", options{}, withoutFacts},
		{"facts.xml", options{Facts: true}, sample()},
		{"report.json", options{JSON: true}, sample()},
		{"report.yaml", options{YAML: true}, sample()},
		{"report.cdx.json", options{CycloneDX: true}, sample()},
	} {
		var out bytes.Buffer
		if err := test.opts.print(&out, test.systems); err != nil {
			t.Fatal(err)
		}
		compare(t, filepath.Join("testdata/golden", test.name), out.String())
		if strings.HasSuffix(test.name, ".xml") {
			valid(t, out.String())
		}
	}
}

// The schema tells our XML from what is not.
func TestSchema(t *testing.T) {
	for _, wrong := range []string{
		"<operatingsystems><operatingsystem/></operatingsystems>",
		"<operatingsystems><operatingsystem><root>sda</root><major_version>1</major_version><minor_version>1</minor_version><mountpoints/><filesystems/></operatingsystem></operatingsystems>",
	} {
		if out, err := validate(wrong); err == nil {
			t.Errorf("%s is valid: %s", wrong, out)
		}
	}
}

func valid(t *testing.T, text string) {
	t.Helper()
	if out, err := validate(text); err != nil {
		t.Errorf("xmllint: %v\n%s", err, out)
	}
}

func validate(text string) (string, error) {
	cmd := exec.Command("xmllint", "--noout", "--nonet", "--relaxng", "virt-inspector.rng", "-")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The keys of JSON are the names of the XML's elements.
func TestKeys(t *testing.T) {
	var x, j bytes.Buffer
	if err := errors.Join(writeXML(&x, sample()), writeTree(&j, sample(), false)); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Systems []map[string]json.RawMessage `json:"operatingsystems"`
	}
	if err := json.Unmarshal(j.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	for _, s := range report.Systems {
		for key := range s {
			if !strings.Contains(x.String(), "<"+key) {
				t.Errorf("XML has no element %s", key)
			}
		}
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *script.Update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
