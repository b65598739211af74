package inspect

import (
	"encoding/binary"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/regf"
)

// hive makes a registry hive of values: key and name, then text, uint32 or
// bytes.
func hive(t testing.TB, values map[string]any) *fstest.MapFile {
	t.Helper()
	h := regf.New()
	for path, value := range values {
		n := h.Root()
		parts := strings.Split(path, `|`)
		for _, name := range strings.Split(parts[0], `\`) {
			child, err := h.Child(n, name)
			if err == nil && child == 0 {
				child, err = h.AddChild(n, name)
			}
			if err != nil {
				t.Fatal(err)
			}
			n = child
		}
		if len(parts) == 1 {
			continue
		}
		d := regf.Data{Name: parts[1]}
		switch v := value.(type) {
		case string:
			d.Type, d.Bytes = regf.String, regf.UTF16(v)
		case int:
			d.Type, d.Bytes = 4, binary.LittleEndian.AppendUint32(nil, uint32(v))
		case []byte:
			d.Type, d.Bytes = 3, v
		}
		if err := h.SetValue(n, d); err != nil {
			t.Fatal(err)
		}
	}
	return &fstest.MapFile{Data: h.Bytes()}
}

// program is the start of a program of Windows for machine.
func program(machine uint16) *fstest.MapFile {
	b := make([]byte, 0x40+24+2)
	copy(b, "MZ")
	b[0x3c] = 0x40
	copy(b[0x40:], "PE\x00\x00")
	binary.LittleEndian.PutUint16(b[0x44:], machine)
	binary.LittleEndian.PutUint16(b[0x40+24:], 0x20b)
	return &fstest.MapFile{Data: b}
}

const nt = `Microsoft\Windows NT\CurrentVersion`

func windowsTree(t testing.TB, dir string, machine uint16, software, system map[string]any) fstest.MapFS {
	return fstest.MapFS{
		dir + "/System32/cmd.exe":         program(machine),
		dir + "/System32/config/SOFTWARE": hive(t, software),
		dir + "/System32/config/SYSTEM":   hive(t, system),
	}
}

func TestWindows(t *testing.T) {
	yes, no := true, false
	for _, test := range []struct {
		name string
		tree fstest.MapFS
		want System
	}{
		{"xp", windowsTree(t, "WINDOWS", 0x14c, map[string]any{nt + "|ProductName": "Microsoft Windows XP", nt + "|CurrentVersion": "5.1", nt + "|CurrentBuildNumber": "2600"},
			map[string]any{`Select|Current`: 2, `ControlSet002\Services\Tcpip\Parameters|Hostname`: "xpbox"}),
			System{ProductName: "Microsoft Windows XP", Major: 5, Minor: 1, BuildID: "2600", Arch: "i386", Hostname: "xpbox",
				Windows: &Windows{"/WINDOWS", "/WINDOWS/System32/config/SOFTWARE", "/WINDOWS/System32/config/SYSTEM", "ControlSet002", &no}}},
		{"11 on arm", windowsTree(t, "Windows", 0xaa64, map[string]any{nt + "|ProductName": "Windows 10 Pro", nt + "|CurrentVersion": "6.3", nt + "|CurrentMajorVersionNumber": 10,
			nt + "|CurrentMinorVersionNumber": 0, nt + "|CurrentBuildNumber": "22631", nt + "|InstallationType": "Client",
			`Microsoft\Windows\CurrentVersion\Group Policy\History\{25537BA6-77A8-11D2-9B6C-0000F8080861}`: nil},
			map[string]any{`Select|Current`: 1, `ControlSet001\Control\ComputerName\ComputerName|ComputerName`: "ELEVEN"}),
			System{ProductName: "Windows 10 Pro", ProductVariant: "Client", Major: 10, BuildID: "22631", Arch: "aarch64", Hostname: "ELEVEN",
				Windows: &Windows{"/Windows", "/Windows/System32/config/SOFTWARE", "/Windows/System32/config/SYSTEM", "ControlSet001", &yes}}},
		{"by boot.ini", func() fstest.MapFS {
			m := windowsTree(t, "Other/Place", 0x8664, nil, nil)
			m["BOOT.INI"] = &fstest.MapFile{Data: []byte("[operating systems]\r\nmulti(0)disk(0)rdisk(0)partition(1)\\..=\"no\"\r\nmulti(0)disk(0)rdisk(0)partition(2)\\OTHER\\place=\"Windows\" /x\r\n")}
			return m
		}(), System{Arch: "x86_64", Windows: &Windows{"/Other/Place", "/Other/Place/System32/config/SOFTWARE", "/Other/Place/System32/config/SYSTEM", "", nil}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Type, test.want.Distro = "windows", "windows"
			got := Look(test.tree)
			if d := cmp.Diff(test.want, got.System); got.Role != RoleRoot || len(got.Warnings) > 0 || d != "" {
				t.Errorf("role %q, warnings %q, -want +got:\n%s", got.Role, got.Warnings, d)
			}
		})
	}
}

func TestDrives(t *testing.T) {
	mbr := append([]byte{0xcd, 0xab, 0x34, 0x12}, 0, 0, 0x10, 0, 0, 0, 0, 0)
	gpt := append([]byte("DMIO:ID:"), 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff)
	tree := windowsTree(t, "Windows", 0x8664, nil, map[string]any{
		`MountedDevices|\DosDevices\D:`: mbr, `MountedDevices|\DosDevices\c:`: gpt, `MountedDevices|\DosDevices\E:`: []byte(`\??\SCSI#CdRom`),
		`MountedDevices|\??\Volume{x}`: mbr, `MountedDevices|\DosDevices\F:`: append([]byte{1}, mbr[1:]...), `MountedDevices|\DosDevices\1:`: mbr,
		`MountedDevices|\DosDevices\G:`: "DMIO:ID:",
	})
	f := Look(tree)
	f.Device = "/dev/sda1"
	roots, warnings := Assemble([]Filesystem{f}, disks{tags: map[string]string{
		"mbrstart=1234abcd@1048576": "/dev/sda1", "PARTUUID=00112233-4455-6677-8899-aabbccddeeff": "/dev/sdb3",
	}})
	if len(roots) != 1 || len(warnings) != 0 {
		t.Fatalf("roots %v, warnings %q", roots, warnings)
	}
	if d := cmp.Diff([]Drive{{"C", "/dev/sdb3"}, {"D", "/dev/sda1"}}, roots[0].Drives); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if d := cmp.Diff([]Mount{{"/dev/sda1", "/"}}, roots[0].Mounts); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestNoWindows(t *testing.T) {
	data := fstest.MapFS{"System Volume Information": {Mode: fs.ModeDir}, "Program Files/x": {}, "windows/system32/config": {Mode: fs.ModeDir}}
	if got := Look(data); got.Role != RoleOther {
		t.Errorf("a data volume is %q", got.Role)
	}
	for name, m := range map[string]fstest.MapFS{"freedos": {"FDOS/FreeDOS.bss": {}}, "msdos": {"DOS/command.com": {}}} {
		want := System{Type: "dos", Distro: name, Arch: "i386"}
		if d := cmp.Diff(want, Look(m).System); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	}
}

// TestDamagedHives: what is broken in a hive hides neither the system nor what
// the other hive says.
func TestDamagedHives(t *testing.T) {
	software := map[string]any{nt + "|ProductName": "Windows", nt + "|CurrentVersion": "6.1"}
	system := map[string]any{`Select|Current`: 1}
	tree := windowsTree(t, "Windows", 0x8664, software, system)
	const name = "Windows/System32/config/SOFTWARE"
	content := tree[name].Data
	for what, b := range map[string][]byte{"empty": {}, "text": []byte("regf?"), "cut": content[:4200]} {
		tree[name] = &fstest.MapFile{Data: b}
		f := Look(tree)
		if f.Role != RoleRoot || f.System.Windows.CurrentControlSet != "ControlSet001" || len(f.Warnings) != 1 {
			t.Errorf("%s: %q %+v, warnings %q", what, f.Role, f.System.Windows, f.Warnings)
		}
	}
	tree[name] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	if f := Look(tree); f.Role != RoleRoot || f.System.Windows.SoftwareHive != "" || len(f.Warnings) != 1 {
		t.Errorf("fifo: %q %+v, warnings %q", f.Role, f.System.Windows, f.Warnings)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		b := append([]byte(nil), content...)
		for range 4 {
			b[4096+rnd.IntN(len(b)-4096)] ^= 1 << rnd.IntN(8)
		}
		tree[name] = &fstest.MapFile{Data: b}
		if f := Look(tree); f.Role != RoleRoot || len(f.Warnings) > 1 {
			t.Errorf("role %q, warnings %q", f.Role, f.Warnings)
		}
	}
}

func FuzzRegistry(f *testing.F) {
	f.Add(hive(f, map[string]any{nt + "|ProductName": "Windows", nt + "|CurrentMajorVersionNumber": 10, nt + "|CurrentMinorVersionNumber": 0}).Data,
		hive(f, map[string]any{`Select|Current`: 1, `MountedDevices|\DosDevices\C:`: make([]byte, 12)}).Data, []byte("MZ"))
	f.Fuzz(func(t *testing.T, software, system, shell []byte) {
		tree := fstest.MapFS{"Windows/System32/cmd.exe": {Data: shell}, "Windows/System32/config/SOFTWARE": {Data: software}, "Windows/System32/config/SYSTEM": {Data: system}}
		got := Look(tree)
		if got.Role != RoleRoot || got.System.Major < 0 || len(got.Warnings) > 2 {
			t.Errorf("%+v", got)
		}
	})
}

func FuzzBootIni(f *testing.F) {
	f.Add("multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"x\"\nscsi(0)disk(0)rdisk(0)partition(1)\\a\\..\\b=\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range bootIni(text) {
			if !fs.ValidPath(name) {
				t.Errorf("%q", name)
			}
		}
	})
}
