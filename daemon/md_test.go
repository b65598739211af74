package daemon

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/wire"
)

func TestParseMdstat(t *testing.T) {
	const text = `Personalities : [raid1] [raid6]
md127 : active raid1 sdb1[0] sdc1[1](F) nvme0n1p2[2](S)(R)
      1046528 blocks super 1.2 [2/2] [UU]
      resync=DELAYED

md12 : inactive sdd[x] [3] sde[1
md1 : active (auto-read-only) raid0 sdf[0]
unused devices: <none>
`
	for _, tc := range []struct {
		name string
		want []wire.MDStat
		ok   bool
	}{
		{"md127", []wire.MDStat{{MdstatDevice: "/dev/sdb1"}, {MdstatDevice: "/dev/sdc1", MdstatIndex: 1, MdstatFlags: "F"}, {MdstatDevice: "/dev/nvme0n1p2", MdstatIndex: 2, MdstatFlags: "SR"}}, true},
		{"md12", []wire.MDStat{}, true},
		{"md1", []wire.MDStat{{MdstatDevice: "/dev/sdf"}}, true},
		{"md", nil, false},
		{"md2", nil, false},
	} {
		got, ok := parseMdstat(text, tc.name)
		if d := cmp.Diff(tc.want, got); d != "" || ok != tc.ok {
			t.Errorf("parseMdstat(%s), %t (-want +got):\n%s", tc.name, ok, d)
		}
	}
}

func TestMdCreateArgs(t *testing.T) {
	ptr := func(n int64) *int64 { return &n }
	num := func(n int) *int { return &n }
	str := func(s string) *string { return &s }
	two := []string{"/dev/sda", "/dev/sdb"}
	for _, tc := range []struct {
		name    string
		md      string
		devices []string
		opts    mdCreateOpts
		want    string
		err     string
	}{
		{"default", "r1", two, mdCreateOpts{}, "--create --run r1 --level raid1 --raid-devices 2 /dev/sda /dev/sdb", ""},
		{"missing in the middle", "r5", two, mdCreateOpts{Missingbitmap: ptr(2), Level: str("raid5"), Chunk: ptr(65536)},
			"--create --run r5 --level raid5 --raid-devices 3 --chunk 64 /dev/sda missing /dev/sdb", ""},
		{"missing at the end", "r1", two[:1], mdCreateOpts{Missingbitmap: ptr(2)}, "--create --run r1 --level raid1 --raid-devices 2 /dev/sda missing", ""},
		{"spare", "r1", []string{"/dev/sda", "/dev/sdb", "/dev/sdc"}, mdCreateOpts{Nrdevices: num(2), Spare: num(1)},
			"--create --run r1 --level raid1 --raid-devices 2 --spare-devices 1 /dev/sda /dev/sdb /dev/sdc", ""},
		{"spare alone", "r1", two, mdCreateOpts{Spare: num(1)}, "", "is not equal to"},
		{"all missing", "r1", nil, mdCreateOpts{Missingbitmap: ptr(-1)}, "--create --run r1 --level raid1 --raid-devices 64 " + strings.TrimSpace(strings.Repeat("missing ", 64)), ""},
		{"level", "r1", two, mdCreateOpts{Level: str("raid7")}, "", "unknown level"},
		{"chunk", "r0", two, mdCreateOpts{Chunk: ptr(1000)}, "", "multiple of 1024"},
		{"negative spare", "r1", two, mdCreateOpts{Spare: num(-1)}, "", "negative"},
		{"one device", "r1", two, mdCreateOpts{Nrdevices: num(1)}, "", "less than 2"},
		{"name", "--zero-superblock", two, mdCreateOpts{}, "", "not a name"},
	} {
		got, err := mdCreateArgs(tc.md, tc.devices, &tc.opts)
		if joined := strings.Join(got, " "); joined != tc.want {
			t.Errorf("%s: arguments %q; want %q", tc.name, joined, tc.want)
		}
		if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: error %v; want %q", tc.name, err, tc.err)
		}
	}
}

func TestParseMdDetail(t *testing.T) {
	got := parseMdDetail("MD_LEVEL=raid1\nMD_UUID=a:b\nMD_DEVICE_dev_sda_ROLE=0\nsomething else\n")
	want := []wire.Pair{{Key: "level", Value: "raid1"}, {Key: "uuid", Value: "a:b"}, {Key: "device_dev_sda_role", Value: "0"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("parseMdDetail (-want +got):\n%s", d)
	}
}
