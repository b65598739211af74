package daemon

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const gptScript = "label: gpt\n1: start=2048 size=2048 name=one\n3: start=8192 size=4096 name=three\n"

// gptImage makes an image of 64 MiB with partitions 1 and 3.
func gptImage(t *testing.T) string {
	t.Helper()
	image := sparse(t, 64)
	tool(t, gptScript, "sfdisk", "-q", "--no-reread", "--no-tell-kernel", image)
	return image
}

// verify has sgdisk look for faults in both copies.
func verify(t *testing.T, image string) {
	t.Helper()
	out := tool(t, "", "sgdisk", "-v", image)
	if !strings.Contains(out, "No problems found") {
		t.Errorf("sgdisk -v:\n%s", out)
	}
}

// ask has sfdisk read one property.
func ask(t *testing.T, image, option, num string) string {
	t.Helper()
	return strings.TrimSpace(tool(t, "", "sfdisk", option, image, num))
}

func TestSetGPT(t *testing.T) {
	const guid = "01234567-89AB-CDEF-0123-456789ABCDEF"
	c := testCall(t)
	tests := []struct {
		name   string
		set    func(image string) error
		get    func(image string) (any, error)
		want   any
		option string // of sfdisk, to judge by
		judged string
	}{
		{"type", func(i string) error { return doPartSetGptType(c, i, 3, guid) }, func(i string) (any, error) { return doPartGetGptType(c, i, 3) }, guid, "--part-type", guid},
		{"type in braces", func(i string) error { return doPartSetGptType(c, i, 3, "{"+strings.ToLower(guid)+"}") }, func(i string) (any, error) { return doPartGetGptType(c, i, 3) }, guid, "--part-type", guid},
		{"guid", func(i string) error { return doPartSetGptGuid(c, i, 3, guid) }, func(i string) (any, error) { return doPartGetGptGuid(c, i, 3) }, guid, "--part-uuid", guid},
		{"name", func(i string) error { return doPartSetName(c, i, 3, "a 'b' \"c\" d:e;f\\ é 𝄞") }, func(i string) (any, error) { return doPartGetName(c, i, 3) }, "a 'b' \"c\" d:e;f\\ é 𝄞", "", ""},
		{"plain name", func(i string) error { return doPartSetName(c, i, 3, "Größe 3") }, func(i string) (any, error) { return doPartGetName(c, i, 3) }, "Größe 3", "--part-label", "Größe 3"},
		{"empty name", func(i string) error { return doPartSetName(c, i, 3, "") }, func(i string) (any, error) { return doPartGetName(c, i, 3) }, "", "--part-label", ""},
		{"attributes", func(i string) error { return doPartSetGptAttributes(c, i, 3, 844424930131973) }, func(i string) (any, error) { return doPartGetGptAttributes(c, i, 3) }, int64(844424930131973), "--part-attrs", "RequiredPartition LegacyBIOSBootable GUID:48,49"},
		{"attribute 63", func(i string) error { return doPartSetGptAttributes(c, i, 3, -1<<63) }, func(i string) (any, error) { return doPartGetGptAttributes(c, i, 3) }, int64(-1 << 63), "--part-attrs", "GUID:63"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			image := gptImage(t)
			if err := tt.set(image); err != nil {
				t.Fatal(err)
			}
			got, err := tt.get(image)
			if err != nil || got != tt.want {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
			if tt.option != "" {
				if got := ask(t, image, tt.option, "3"); got != tt.judged {
					t.Errorf("sfdisk %s = %q; want %q", tt.option, got, tt.judged)
				}
			}
			if got := ask(t, image, "--part-label", "1"); got != "one" {
				t.Errorf("name of partition 1 = %q; want it as it was", got)
			}
			verify(t, image)
		})
	}
}

func TestSetDiskGUID(t *testing.T) {
	const guid = "01234567-89AB-CDEF-0123-456789ABCDEF"
	c, image := testCall(t), gptImage(t)
	if err := doPartSetDiskGuid(c, image, guid); err != nil {
		t.Fatal(err)
	}
	if got, err := doPartGetDiskGuid(c, image); got != guid || err != nil {
		t.Errorf("doPartGetDiskGuid() = %q, %v; want %q", got, err, guid)
	}
	if got := strings.TrimSpace(tool(t, "", "sfdisk", "--disk-id", image)); got != guid {
		t.Errorf("sfdisk --disk-id = %q; want %q", got, guid)
	}
	if err := doPartSetDiskGuidRandom(c, image); err != nil {
		t.Fatal(err)
	}
	got, err := doPartGetDiskGuid(c, image)
	if err != nil || got == guid || got[14] != '4' || !strings.ContainsRune("89AB", rune(got[19])) {
		t.Errorf("doPartGetDiskGuid() = %q, %v; want a random GUID", got, err)
	}
	verify(t, image)
}

// Either copy is enough, and a change mends the other.
func TestEditDamagedGPT(t *testing.T) {
	tests := []struct {
		name string
		at   int64 // of the damage
	}{
		{"primary header", 512 + 60},
		{"primary entries", 2*512 + 60},
		{"backup header", 64<<20 - 512 + 60},
		{"backup entries", 64<<20 - 33*512 + 60},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, image := testCall(t), gptImage(t)
			patch(t, image, tt.at, 0x99)
			if got, err := doPartGetName(c, image, 3); got != "three" || err != nil {
				t.Errorf("doPartGetName() = %q, %v", got, err)
			}
			compareWithParted(t, image, true)
			if err := doPartSetName(c, image, 1, "mended"); err != nil {
				t.Fatal(err)
			}
			verify(t, image)
			if got := ask(t, image, "--part-label", "1"); got != "mended" {
				t.Errorf("name = %q", got)
			}
		})
	}
	t.Run("both", func(t *testing.T) {
		image := gptImage(t)
		patch(t, image, 512+60, 0x99)
		patch(t, image, 64<<20-512+60, 0x99)
		if name, err := doPartGetName(testCall(t), image, 1); err == nil {
			t.Errorf("doPartGetName() = %q; want an error", name)
		}
		if list, err := doPartList(testCall(t), image); err == nil || !strings.Contains(err.Error(), "corrupt") {
			t.Errorf("doPartList() = %v, %v; want parted's error", list, err)
		}
	})
}

// Growing a disk leaves what sgdisk -e leaves, byte by byte, where the first
// usable sector is 34. Where it is another, sgdisk leaves as much room at the
// end as there is at the start; we do not.
func TestExpandGPT(t *testing.T) {
	ours, theirs := sparse(t, 64), sparse(t, 64)
	tool(t, "", "parted", "-s", "--", ours, "mklabel", "gpt", "mkpart", "one", "2048s", "-34s")
	b, err := os.ReadFile(ours)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, image := range []string{ours, theirs} {
		if err := os.Truncate(image, 96<<20); err != nil {
			t.Fatal(err)
		}
	}
	c := testCall(t)
	if err := doPartExpandGpt(c, ours); err != nil {
		t.Fatal(err)
	}
	tool(t, "", "sgdisk", "-e", theirs)
	got, err := os.ReadFile(ours)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	differ := []int{}
	for i := range got {
		if got[i] != want[i] {
			differ = append(differ, i)
		}
	}
	if diff := cmp.Diff([]int{}, differ); diff != "" {
		t.Errorf("bytes that sgdisk -e writes otherwise:\n%s", diff)
	}
	verify(t, ours)
	if err := doPartAdd(c, ours, "p", 131072, -34); err != nil {
		t.Errorf("no partition in the new space: %v", err)
	}
}

func TestExpandGPTOfSfdisk(t *testing.T) {
	c, image := testCall(t), gptImage(t)
	for _, mib := range []int64{64, 96} { // as large as before, and larger
		if err := os.Truncate(image, mib<<20); err != nil {
			t.Fatal(err)
		}
		if err := doPartExpandGpt(c, image); err != nil {
			t.Fatal(err)
		}
		verify(t, image)
		want := fmt.Sprintf("last-lba: %d", mib*2048-34)
		if out := tool(t, "", "sfdisk", "-d", image); !strings.Contains(out, want) {
			t.Errorf("sfdisk -d has no %q:\n%s", want, out)
		}
		compareWithParted(t, image, true)
	}
}

func TestGPTErrors(t *testing.T) {
	c, gptDisk, mbrDisk, blank := testCall(t), gptImage(t), sparse(t, 64), sparse(t, 64)
	tool(t, "label: dos\n64,1000,83\n", "sfdisk", "-q", "--no-reread", "--no-tell-kernel", mbrDisk)
	const guid = "01234567-89AB-CDEF-0123-456789ABCDEF"
	tests := []struct {
		name string
		err  error
		want syscall.Errno
	}{
		{"type on MBR", doPartSetGptType(c, mbrDisk, 1, guid), syscall.EINVAL},
		{"type on blank disk", doPartSetGptType(c, blank, 1, guid), syscall.EINVAL},
		{"disk GUID on MBR", doPartSetDiskGuid(c, mbrDisk, guid), syscall.EINVAL},
		{"expand MBR", doPartExpandGpt(c, mbrDisk), syscall.EINVAL},
		{"no such partition", doPartSetGptType(c, gptDisk, 2, guid), syscall.ENOENT},
		{"partition 129", doPartSetName(c, gptDisk, 129, "x"), syscall.ENOENT},
		{"partition 0", doPartSetName(c, gptDisk, 0, "x"), syscall.EINVAL},
		{"partition -1", doPartSetGptGuid(c, gptDisk, -1, guid), syscall.EINVAL},
		{"not a GUID", doPartSetGptGuid(c, gptDisk, 1, "f"), syscall.EINVAL},
		{"long name", doPartSetName(c, gptDisk, 1, strings.Repeat("x", 37)), syscall.EINVAL},
		{"reserved attribute", doPartSetGptAttributes(c, gptDisk, 1, 8), syscall.EINVAL},
		{"no such disk", doPartSetName(c, gptDisk+"x", 1, "x"), syscall.ENOENT},
	}
	for _, tt := range tests {
		var own *errnoError
		if !errors.Is(tt.err, tt.want) && !(errors.As(tt.err, &own) && own.errno == tt.want) {
			t.Errorf("%s: error %v; want %v", tt.name, tt.err, tt.want)
		}
	}
	verify(t, gptDisk)
}
