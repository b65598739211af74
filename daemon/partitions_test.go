package daemon

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listing is part_list in sectors, for tables in tests.
func listing(t *testing.T, image string) []string {
	t.Helper()
	list, err := doPartList(testCall(t), image)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, p := range list {
		if p.PartEnd != p.PartStart+p.PartSize-1 || p.PartStart%512 != 0 || p.PartSize%512 != 0 {
			t.Errorf("partition %+v is not of whole sectors", p)
		}
		got = append(got, fmt.Sprintf("%d: %d-%d", p.PartNum, p.PartStart/512, p.PartEnd/512))
	}
	return got
}

// The image has 204800 sectors.
func TestMakePartitions(t *testing.T) {
	add := func(role string, start, end int64) func(*Call, string) error {
		return func(c *Call, i string) error { return doPartAdd(c, i, role, start, end) }
	}
	label := func(kind string) func(*Call, string) error {
		return func(c *Call, i string) error { return doPartInit(c, i, kind) }
	}
	tests := []struct {
		name  string
		steps []func(*Call, string) error
		want  []string
	}{
		{"empty", []func(*Call, string) error{label("mbr")}, []string{}},
		{"whole MBR", []func(*Call, string) error{func(c *Call, i string) error { return doPartDisk(c, i, "mbr") }}, []string{"1: 128-204672"}},
		{"whole GPT", []func(*Call, string) error{func(c *Call, i string) error { return doPartDisk(c, i, "efi") }}, []string{"1: 128-204672"}},
		{"to the last sector", []func(*Call, string) error{label("mbr"), add("p", 1, -1)}, []string{"1: 1-204799"}},
		{"GPT to its limits", []func(*Call, string) error{label("gpt"), add("primary", 34, 127), add("primary", 128, -34)}, []string{"1: 34-127", "2: 128-204766"}},
		{"four", []func(*Call, string) error{label("mbr"), add("primary", 32, 127), add("primary", 128, 255), add("primary", 256, 511), add("primary", 512, -1)}, []string{"1: 32-127", "2: 128-255", "3: 256-511", "4: 512-204799"}},
		{"logical", []func(*Call, string) error{label("mbr"), add("p", 64, 20479), add("e", 20480, 61440), add("l", 20544, 20598), add("logical", 20608, 30000)}, []string{"1: 64-20479", "2: 20480-61440", "5: 20544-20598", "6: 20608-30000"}},
		{"deleted", []func(*Call, string) error{label("mbr"), add("p", 64, 20479), add("e", 20480, 61440), add("l", 20544, 20598), func(c *Call, i string) error { return doPartDel(c, i, 2) }}, []string{"1: 64-20479"}},
		{"resized", []func(*Call, string) error{label("mbr"), add("p", 1, -1025), func(c *Call, i string) error { return doPartResize(c, i, 1, -1) }}, []string{"1: 1-204799"}},
		{"shrunk", []func(*Call, string) error{label("gpt"), add("p", 2048, -34), func(c *Call, i string) error { return doPartResize(c, i, 1, 4095) }}, []string{"1: 2048-4095"}},
		{"shrunk from the end", []func(*Call, string) error{label("mbr"), add("p", 2048, -1), func(c *Call, i string) error { return doPartResize(c, i, 1, -100) }}, []string{"1: 2048-204700"}},
		{"mac", []func(*Call, string) error{label("mac"), add("p", 2048, 20479)}, []string{"1: 1-63", "2: 2048-20479"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, image := testCall(t), sparse(t, 100)
			for i, step := range tt.steps {
				if err := step(c, image); err != nil {
					t.Fatalf("step %d: %v", i+1, err)
				}
			}
			if diff := cmp.Diff(tt.want, listing(t, image)); diff != "" {
				t.Errorf("partitions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPartitionProperties(t *testing.T) {
	c, image := testCall(t), sparse(t, 100)
	for _, err := range []error{
		doPartInit(c, image, "msdos"),
		doPartAdd(c, image, "p", 64, 20479),
		doPartAdd(c, image, "e", 20480, 61440),
		doPartAdd(c, image, "l", 20544, 20598),
		doPartSetBootable(c, image, 1, true),
		doPartSetMbrId(c, image, 1, 0x7f),
		doPartSetMbrId(c, image, 5, 0x82),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		num  int
		id   int
		role string
		boot bool
	}{
		{1, 0x7f, "primary", true},
		{2, 0x0f, "extended", false},
		{5, 0x82, "logical", false},
	} {
		id, err := doPartGetMbrId(c, image, tt.num)
		if id != tt.id || err != nil {
			t.Errorf("type of %d = %#x, %v; want %#x", tt.num, id, err, tt.id)
		}
		role, err := doPartGetMbrPartType(c, image, tt.num)
		if role != tt.role || err != nil {
			t.Errorf("role of %d = %q, %v; want %q", tt.num, role, err, tt.role)
		}
		boot, err := doPartGetBootable(c, image, tt.num)
		if boot != tt.boot || err != nil {
			t.Errorf("bootable(%d) = %v, %v; want %v", tt.num, boot, err, tt.boot)
		}
	}
	if err := doPartSetBootable(c, image, 1, false); err != nil {
		t.Fatal(err)
	}
	if boot, err := doPartGetBootable(c, image, 1); boot || err != nil {
		t.Errorf("bootable(1) = %v, %v; want false", boot, err)
	}
}

func TestPartitionErrors(t *testing.T) {
	c, image, blank := testCall(t), sparse(t, 100), sparse(t, 1)
	if err := doPartDisk(c, image, "msdos"); err != nil {
		t.Fatal(err)
	}
	get := func(_ any, err error) error { return err }
	tests := []struct {
		name string
		err  error
		want string // in the message
	}{
		{"unknown label", doPartInit(c, image, "nonesuch"), `common choices are "gpt" and "msdos"`},
		{"unknown label for a disk", doPartDisk(c, image, ""), `common choices are "gpt" and "msdos"`},
		{"unknown role", doPartAdd(c, image, "x", 1, 2), `unknown partition type: x`},
		{"negative start", doPartAdd(c, image, "p", -1, 2), "startsect cannot be negative"},
		{"overlap", doPartAdd(c, image, "p", 1000, 2000), "The closest location we can manage is"},
		{"delete nothing", doPartDel(c, image, 3), "Partition doesn't exist"},
		{"delete number 0", doPartDel(c, image, 0), "partition number must be >= 1"},
		{"resize number -1", doPartResize(c, image, -1, 100), "partition number must be >= 1"},
		{"shrink to nothing", doPartResize(c, image, 1, 100), ""},
		{"grow beyond the disk", doPartResize(c, image, 1, 1<<40), "outside of the device"},
		{"boot of nothing", doPartSetBootable(c, image, 2, true), "Partition doesn't exist"},
		{"bootable of nothing", get(doPartGetBootable(c, image, 2)), "partition number 2 not found"},
		{"type of nothing", get(doPartGetMbrId(c, image, 2)), "partition number 2 not found"},
		{"type 256", doPartSetMbrId(c, image, 1, 256), "not a byte"},
		{"name on MBR", doPartSetName(c, image, 1, "x"), "support partition name"},
		{"name of MBR", get(doPartGetName(c, image, 1)), "not a GUID Partition Table"},
		{"blank: list", get(doPartList(c, blank)), "unrecognised disk label"},
		{"blank: add", doPartAdd(c, blank, "p", 64, -1), "unrecognised disk label"},
		{"blank: role", get(doPartGetMbrPartType(c, blank, 1)), "unrecognised disk label"},
		{"too small for GPT", doPartInit(c, sparse(t, 0), "gpt"), ""},
	}
	for _, tt := range tests {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: error %v; want %q in it", tt.name, tt.err, tt.want)
		}
	}
}

func TestPartedNamesElsewhere(t *testing.T) {
	c, image := testCall(t), sparse(t, 100)
	for _, err := range []error{doPartInit(c, image, "mac"), doPartAdd(c, image, "p", 2048, 20479), doPartSetName(c, image, 2, `it's "x" \ y`)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if out := tool(t, "", "parted", "-s", image, "print"); !strings.Contains(out, `it's "x" \ y`) {
		t.Errorf("parted print has no such name:\n%s", out)
	}
}

func TestPartedFields(t *testing.T) {
	got := partedFields(`1:17408B:34B:5B:ext4:a\:b\\c::;`)
	want := []string{"1", "17408B", "34B", "5B", "ext4", `a:b\c`, "", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func FuzzParsePartedPrint(f *testing.F) {
	f.Add("BYT;\n/dev/sda:104857600B:file:512:512:msdos::;\n1:32768B:10485759B:10452992B:::boot, lba;\n")
	f.Add("BYT;\n\n:\\")
	f.Fuzz(func(t *testing.T, out string) { parsePartedPrint(out) })
}
