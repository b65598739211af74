package guests

import (
	"encoding/binary"
	"fmt"
	"strings"

	"virt-tools/internal/regf"
	"virt-tools/pkg/guestfs"
)

const (
	guidMSR     = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
	guidBasic   = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
	guidRecover = "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC"
)

// Types of registry values that regf has no name for.
const (
	regBinary = 3
	regDWord  = 4
)

// windows are Windows of different times.
func windows() []Guest {
	return []Guest{
		{Name: "windows-xp", version: 1, mib: []int64{64}, fill: fillWindowsXP},
		{Name: "windows-7", version: 1, mib: []int64{96}, fill: fillWindows7},
		{Name: "windows-10", version: 1, mib: []int64{192}, fill: fillWindows10},
		{Name: "windows-11", version: 1, mib: []int64{192}, fill: fillWindows11},
		{Name: "windows-2022", version: 1, mib: []int64{192, 32}, fill: fillWindows2022},
	}
}

// windowsFacts are what the registry says. Empty texts are left out.
type windowsFacts struct {
	product, edition, install, version, build, display string
	major, minor, ubr                                  uint32
	hostname                                           string
	drives                                             map[string][]byte // C to what MountedDevices holds
	zone                                               string
}

// regfKey is a registry key: values are text, uint32 or []byte.
type regfKey struct {
	path   string
	values map[string]any
}

// hive writes keys into a registry hive of the format that Windows reads.
func hive(keys ...regfKey) (string, error) {
	h := regf.New()
	for _, key := range keys {
		n := h.Root()
		for name := range strings.SplitSeq(key.path, `\`) {
			child, err := h.Child(n, name)
			if err == nil && child == 0 {
				child, err = h.AddChild(n, name)
			}
			if err != nil {
				return "", fmt.Errorf("registry key %s: %w", key.path, err)
			}
			n = child
		}
		for name, value := range key.values {
			d := regf.Data{Name: name}
			switch v := value.(type) {
			case string:
				if v == "" {
					continue
				}
				d.Type, d.Bytes = regf.String, regf.UTF16(v)
			case uint32:
				d.Type, d.Bytes = regDWord, binary.LittleEndian.AppendUint32(nil, v)
			case []byte:
				d.Type, d.Bytes = regBinary, v
			}
			if err := h.SetValue(n, d); err != nil {
				return "", fmt.Errorf("registry value %s of %s: %w", name, key.path, err)
			}
		}
	}
	h.Commit(made)
	return string(h.Bytes()), nil
}

// windowsFiles are the files of a Windows. Its folders have the case that
// Windows gives them.
func (b *builder) windowsFiles(bits int, f windowsFacts) tree {
	const nt, current = `Microsoft\Windows NT\CurrentVersion`, `Microsoft\Windows\CurrentVersion`
	version := map[string]any{
		"ProductName": f.product, "EditionID": f.edition, "InstallationType": f.install, "CurrentVersion": f.version,
		"CurrentBuild": f.build, "CurrentBuildNumber": f.build, "DisplayVersion": f.display, "SystemRoot": `C:\Windows`,
	}
	if f.major != 0 {
		version["CurrentMajorVersionNumber"], version["CurrentMinorVersionNumber"], version["UBR"] = f.major, f.minor, f.ubr
	}
	keys := []regfKey{
		{nt, version},
		{current, map[string]any{"ProgramFilesDir": `C:\Program Files`}},
		{current + `\Uninstall\7-Zip`, map[string]any{
			"DisplayName": "7-Zip 23.01 (x64)", "DisplayVersion": "23.01", "Publisher": "Igor Pavlov", "InstallLocation": `C:\Program Files\7-Zip\`,
		}},
		{current + `\Uninstall\{AC76BA86-1033-FFFF-7760-BC15014EA700}`, map[string]any{
			"DisplayName": "Überblick <2> & mehr", "DisplayVersion": "2.0", "URLInfoAbout": "https://ueberblick.invalid/?a=1&b=2", "Comments": "A comment",
		}},
		{current + `\Uninstall\NoName`, map[string]any{"DisplayVersion": "1.0"}},
	}
	if bits == 64 {
		keys = append(keys, regfKey{`WOW6432Node\` + current + `\Uninstall\Old`, map[string]any{"DisplayName": "Old program", "DisplayVersion": "1.2.3"}})
	}
	software, err := hive(keys...)
	b.do("software hive", err)
	devices := map[string]any{}
	for letter, where := range f.drives {
		devices[`\DosDevices\`+letter+":"] = where
	}
	system, err := hive(
		regfKey{`Select`, map[string]any{"Current": uint32(1), "Default": uint32(1), "Failed": uint32(0), "LastKnownGood": uint32(1)}},
		regfKey{`ControlSet001\Services\Tcpip\Parameters`, map[string]any{"Hostname": f.hostname, "NV Hostname": f.hostname}},
		regfKey{`ControlSet001\Control\ComputerName\ComputerName`, map[string]any{"ComputerName": strings.ToUpper(f.hostname)}},
		regfKey{`ControlSet001\Control\TimeZoneInformation`, map[string]any{"TimeZoneKeyName": f.zone, "StandardName": f.zone}},
		regfKey{`MountedDevices`, devices},
	)
	b.do("system hive", err)
	return tree{
		"Windows/System32/cmd.exe":           pe(bits),
		"Windows/System32/config/SOFTWARE":   software,
		"Windows/System32/config/SYSTEM":     system,
		"Windows/System32/drivers/etc/hosts": "127.0.0.1 localhost\r\n",
		"Program Files/7-Zip/readme.txt":     "7-Zip\r\n",
		"Users/Ann/Documents/notes.txt":      "text\r\n",
		"autoexec.bat":                       "",
	}
}

// mbrDrive is how MountedDevices names a partition of a disk with an MBR.
func mbrDrive(diskID uint32, startBytes uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(nil, diskID), startBytes)
}

// gptDrive is how it names one of a disk with a GPT, whose first fields are
// little-endian.
func gptDrive(guid string) []byte {
	var a uint32
	var p, q, r uint16
	var s uint64
	if _, err := fmt.Sscanf(guid, "%08x-%04x-%04x-%04x-%012x", &a, &p, &q, &r, &s); err != nil {
		panic("not a GUID: " + guid) // it is written in this package
	}
	le := binary.LittleEndian
	out := le.AppendUint16(le.AppendUint16(le.AppendUint32([]byte("DMIO:ID:"), a), p), q)
	return binary.BigEndian.AppendUint64(out, uint64(r)<<48|s)
}

// diskID sets the number of a disk with an MBR.
func (b *builder) diskID(disk guestfs.Device, id uint32) {
	if b.ok() {
		_, err := b.g.PwriteDevice(b.ctx, disk, binary.LittleEndian.AppendUint32(nil, id), 440)
		b.do("disk id", err)
	}
}

// fillWindowsXP, 32 bits, of which everything is on one partition:
//
//	sda1  ntfs  C:
func fillWindowsXP(b *builder) {
	const id = 0x0000a1b2
	b.table("/dev/sda", "mbr", 0)
	b.do("mbr type", b.g.PartSetMbrId(b.ctx, "/dev/sda", 1, 7))
	b.diskID("/dev/sda", id)
	b.mkfs("ntfs", "/dev/sda1", "XP")
	b.mount("/dev/sda1", "/")
	files := b.windowsFiles(32, windowsFacts{
		product: "Microsoft Windows XP", version: "5.1", build: "2600", hostname: "xpbox", zone: "Pacific Standard Time",
		drives: map[string][]byte{"C": mbrDrive(id, 1<<20)},
	})
	files["boot.ini"] = "[boot loader]\r\ntimeout=30\r\ndefault=multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS\r\n[operating systems]\r\n" +
		"multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"Microsoft Windows XP Professional\" /noexecute=optin /fastdetect\r\n"
	renamed := tree{}
	for name, text := range files {
		renamed[strings.Replace(name, "Windows/System32", "WINDOWS/system32", 1)] = text
	}
	b.put(renamed)
}

// fillWindows7, 32 bits:
//
//	sda1  ntfs  System Reserved
//	sda2  ntfs  C:
func fillWindows7(b *builder) {
	const id = 0x1234abcd
	b.table("/dev/sda", "mbr", 24, 0)
	for i := range 2 {
		if b.ok() {
			b.do("mbr type", b.g.PartSetMbrId(b.ctx, "/dev/sda", i+1, 7))
		}
	}
	b.diskID("/dev/sda", id)
	b.mkfs("ntfs", "/dev/sda1", "System Reserved")
	b.mkfs("ntfs", "/dev/sda2", "Seven")
	b.mount("/dev/sda1", "/")
	b.put(tree{"bootmgr": "boot\n", "Boot/BCD": "store\n"})
	b.unmount()
	b.mount("/dev/sda2", "/")
	b.put(b.windowsFiles(32, windowsFacts{
		product: "Windows 7 Professional", edition: "Professional", install: "Client", version: "6.1", build: "7601", hostname: "seven",
		drives: map[string][]byte{"C": mbrDrive(id, 25<<20)}, zone: "W. Europe Standard Time",
	}))
}

// windowsGPT partitions a disk as the setup program of Windows 10 and later:
//
//	1  EFI system partition  vfat
//	2  reserved, without a filesystem
//	3  ntfs  C:
//	4  ntfs  recovery
func (b *builder) windowsGPT(guid, label string) {
	const disk = "/dev/sda"
	b.table(disk, "gpt", 48, 16, 96, 16)
	for i, typ := range []string{guidESP, guidMSR, guidBasic, guidRecover} {
		if b.ok() {
			b.do("type", b.g.PartSetGptType(b.ctx, disk, i+1, typ))
		}
	}
	b.do("guid", b.g.PartSetGptGuid(b.ctx, disk, 3, guid))
	b.mkfs("vfat", disk+"1", "SYSTEM")
	b.mkfs("ntfs", disk+"3", label)
	b.mkfs("ntfs", disk+"4", label+" RE")
	b.mount(disk+"1", "/")
	b.put(tree{"EFI/Microsoft/Boot/bootmgfw.efi": pe(64), "EFI/Microsoft/Boot/BCD": "store\n"})
	b.unmount()
	b.mount(disk+"4", "/")
	b.put(tree{"Recovery/WindowsRE/winre.wim": "image\n"})
	b.unmount()
}

func fillWindows10(b *builder) {
	const guid = "10101010-aaaa-4bbb-8ccc-00000000c010"
	b.windowsGPT(guid, "Ten")
	b.mount("/dev/sda3", "/")
	b.put(b.windowsFiles(64, windowsFacts{
		product: "Windows 10 Pro", edition: "Professional", install: "Client", version: "6.3", build: "19045", display: "22H2",
		major: 10, ubr: 3803, hostname: "ten", zone: "GMT Standard Time", drives: map[string][]byte{"C": gptDrive(guid)},
	}))
}

// fillWindows11: the registry still says Windows 10.
func fillWindows11(b *builder) {
	const guid = "11111111-aaaa-4bbb-8ccc-00000000c011"
	b.windowsGPT(guid, "Eleven")
	b.mount("/dev/sda3", "/")
	b.put(b.windowsFiles(64, windowsFacts{
		product: "Windows 10 Pro", edition: "Professional", install: "Client", version: "6.3", build: "22631", display: "23H2",
		major: 10, ubr: 3007, hostname: "eleven", zone: "Tokyo Standard Time", drives: map[string][]byte{"C": gptDrive(guid)},
	}))
}

// fillWindows2022 has a second disk with an MBR:
//
//	sdb1  ntfs  D:
func fillWindows2022(b *builder) {
	const guid, id = "20222022-aaaa-4bbb-8ccc-00000000c022", 0x20220d0d
	b.windowsGPT(guid, "Server")
	b.table("/dev/sdb", "mbr", 0)
	b.do("mbr type", b.g.PartSetMbrId(b.ctx, "/dev/sdb", 1, 7))
	b.diskID("/dev/sdb", id)
	b.mkfs("ntfs", "/dev/sdb1", "Data")
	b.mount("/dev/sdb1", "/")
	b.put(tree{"Share/data.txt": "text\r\n"})
	b.unmount()
	b.mount("/dev/sda3", "/")
	b.put(b.windowsFiles(64, windowsFacts{
		product: "Windows Server 2022 Standard", edition: "ServerStandard", install: "Server", version: "6.3", build: "20348", display: "21H2",
		major: 10, ubr: 2227, hostname: "server", zone: "UTC",
		drives: map[string][]byte{"C": gptDrive(guid), "D": mbrDrive(id, 1<<20)},
	}))
}
