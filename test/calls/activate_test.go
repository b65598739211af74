package calls

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"virt-tools/pkg/guestfs"
)

// The daemon says this when it leaves the activation to lvm.
const leftToLVM = "activate with lvm"

// scan activates all volumes and tells whether lvm did it.
func scan(t *testing.T, ctx context.Context, g *guestfs.Handle) (byLVM bool) {
	t.Helper()
	said := func() int {
		world.mu.Lock()
		defer world.mu.Unlock()
		return strings.Count(world.console.String(), leftToLVM)
	}
	before := said()
	must(t, g.LvmScan(ctx, true))
	must(t, g.Sync(ctx)) // what the daemon said has come by then
	return said() > before
}

// TestActivate: volumes that are activated without lvm hold what those did that
// lvm made, and lvm takes them for its own.
//
//	sda: vg-one: root-lv | small | root-lv goes on
//	sdb: vg-one: other
//	sdc: two: a, read-only
func TestActivate(t *testing.T) {
	ctx, g := shared(t)
	for i := range 3 {
		must(t, g.Pvcreate(ctx, disk(i)))
	}
	must(t, g.Vgcreate(ctx, "vg-one", []guestfs.Device{disk(0), disk(1)}))
	must(t, g.Vgcreate(ctx, "two", []guestfs.Device{disk(2)}))
	must(t, g.Lvcreate(ctx, "root-lv", "vg-one", 8))
	must(t, g.Lvcreate(ctx, "small", "vg-one", 4))
	must(t, g.Lvresize(ctx, "/dev/vg-one/root-lv", 16))
	must(t, g.LvcreateFree(ctx, "other", "vg-one", 80)) // reaches onto sdb
	must(t, g.Lvcreate(ctx, "a", "two", 12))
	volumes := []guestfs.Device{"/dev/two/a", "/dev/vg-one/other", "/dev/vg-one/root-lv", "/dev/vg-one/small"}
	sizes := map[guestfs.Device]int64{}
	mark := func(lv guestfs.Device, at int64) []byte {
		return bytes.Repeat([]byte{byte(len(lv)), byte(lv[len(lv)-1]), byte(at >> 20), byte(at >> 28)}, 128)
	}
	each := func(fn func(lv guestfs.Device, at int64)) {
		for _, lv := range volumes {
			for at := int64(0); at < sizes[lv]; at += max(4<<20, sizes[lv]/16>>20<<20) {
				fn(lv, at)
			}
			fn(lv, sizes[lv]-512)
		}
	}
	for _, lv := range volumes {
		size, err := g.BlockdevGetsize64(ctx, lv)
		must(t, err)
		sizes[lv] = size
	}
	each(func(lv guestfs.Device, at int64) {
		_, err := g.PwriteDevice(ctx, lv, mark(lv, at), at)
		must(t, err)
	})

	must(t, g.VgActivateAll(ctx, false))
	editMetadata(t, ctx, g, disk(2), `status = ["READ", "WRITE", "VISIBLE"]`, `status = ["READ", "VISIBLE"]`)
	must(t, g.VgActivateAll(ctx, true))
	byLVM, err := g.LvsFull(ctx)
	must(t, err)
	must(t, g.VgActivateAll(ctx, false))
	same(t, "lvm was asked", scan(t, ctx, g), false)
	for _, lv := range volumes {
		size, err := g.BlockdevGetsize64(ctx, lv)
		must(t, err)
		same(t, "size of "+string(lv), size, sizes[lv])
		ro, err := g.BlockdevGetro(ctx, lv)
		must(t, err)
		same(t, string(lv)+" is read-only", ro, lv == "/dev/two/a")
	}
	each(func(lv guestfs.Device, at int64) {
		got, err := g.PreadDevice(ctx, lv, 512, at)
		must(t, err)
		if !bytes.Equal(got, mark(lv, at)) {
			t.Errorf("%s at %d is not what was written there", lv, at)
		}
	})
	byUs, err := g.LvsFull(ctx)
	must(t, err)
	same(t, "lvs_full", byUs, byLVM)

	same(t, "lvm was asked when all is active", scan(t, ctx, g), false)
	must(t, g.VgActivate(ctx, false, []string{"two"}))
	same(t, "lvm was asked when half is active", scan(t, ctx, g), false)
	must(t, g.VgActivateAll(ctx, true))
	must(t, g.Lvresize(ctx, "/dev/vg-one/small", 32))
	size, err := g.BlockdevGetsize64(ctx, "/dev/vg-one/small")
	must(t, err)
	same(t, "size of small", size, int64(32<<20))
	must(t, g.Lvrename(ctx, "/dev/vg-one/small", "/dev/vg-one/large"))
	must(t, g.Mkfs(ctx, "ext4", "/dev/vg-one/large", nil))
	must(t, g.Lvremove(ctx, "/dev/vg-one/large"))
	must(t, g.Vgrename(ctx, "vg-one", "vg"))
	must(t, g.Vgremove(ctx, "vg"))
	must(t, g.Vgremove(ctx, "two"))
}

// TestActivateLeftToLVM: what is not plain is lvm's, which does not activate
// what is wrong.
func TestActivateLeftToLVM(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Pvcreate(ctx, disk(0)))
	must(t, g.Vgcreate(ctx, "vg", []guestfs.Device{disk(0)}))
	must(t, g.Lvcreate(ctx, "a", "vg", 8))
	must(t, g.Lvcreate(ctx, "b", "vg", 8))
	must(t, g.VgActivateAll(ctx, false))
	good, err := g.PreadDevice(ctx, disk(0), 1<<20, 0)
	must(t, err)
	for _, tc := range []struct {
		name, old, new string
		active         bool
	}{
		{"exported", `"RESIZEABLE"`, `"RESIZEABLE", "EXPORTED"`, false},
		{"foreign", "max_lv = 0", "system_id = \"else\"\nmax_lv = 0", false},
		{"shared", "max_lv = 0", "lock_type = \"sanlock\"\nmax_lv = 0", false},
		{"clustered", `"RESIZEABLE"`, `"RESIZEABLE", "CLUSTERED"`, false},
		{"unknown flag", `"RESIZEABLE"`, `"RESIZEABLE", "NONSENSE"`, false},
		{"not by itself", "flags = []\ncreation_time", "flags = [\"NOAUTOACTIVATE\"]\ncreation_time", false},
		{"left inactive", "flags = []\ncreation_time", "flags = [\"ACTIVATION_SKIP\"]\ncreation_time", false},
		{"hidden", `"READ", "WRITE", "VISIBLE"`, `"READ", "WRITE"`, false},
		{"overlap", "\"pv0\", 2\n", "\"pv0\", 1\n", false},
		{"past the end", "\"pv0\", 2\n", "\"pv0\", 100000\n", false},
		{"read ahead of its own", "segment_count = 1", "read_ahead = 4096\nsegment_count = 1", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := g.PwriteDevice(ctx, disk(0), good, 0)
			must(t, err)
			editMetadata(t, ctx, g, disk(0), tc.old, tc.new)
			same(t, "lvm was asked", scan(t, ctx, g), true)
			_, err = g.BlockdevGetsize64(ctx, "/dev/vg/a")
			same(t, "a is active", err == nil, tc.active)
			_, err = g.PwriteDevice(ctx, disk(0), good, 0)
			must(t, err)
			must(t, g.VgActivateAll(ctx, false))
		})
	}
	_, err = g.PwriteDevice(ctx, disk(0), good, 0)
	must(t, err)
	must(t, g.BlockdevSetro(ctx, disk(0)))
	same(t, "lvm was asked about a read-only disk", scan(t, ctx, g), true)
	must(t, g.BlockdevSetrw(ctx, disk(0)))
	must(t, g.VgActivateAll(ctx, false))
	same(t, "lvm was asked about what is plain again", scan(t, ctx, g), false)
}

// editMetadata changes one thing in the metadata that lvm wrote, in its first
// place, and makes the sums right again. The area begins at 4 KiB with a header:
// sum, magic, version, start, size, then offset, length and sum of the text.
func editMetadata(t *testing.T, ctx context.Context, g *guestfs.Handle, device guestfs.Device, old, new string) {
	t.Helper()
	const area = 4096
	le := binary.LittleEndian
	sum := func(p []byte) uint32 { return ^crc32.Update(^uint32(0xf597a6cf), crc32.IEEETable, p) }
	p, err := g.PreadDevice(ctx, device, 1<<20, 0)
	must(t, err)
	h := p[area : area+512]
	at, length := le.Uint64(h[40:]), le.Uint64(h[48:])
	text := string(p[area+at:][:length])
	changed := strings.Replace(text, old, new, 1)
	if changed == text {
		t.Fatalf("%q is not in the metadata:\n%s", old, text)
	}
	copy(p[area+at:], changed)
	le.PutUint64(h[48:], uint64(len(changed)))
	le.PutUint32(h[56:], sum([]byte(changed)))
	le.PutUint32(h, sum(h[4:]))
	_, err = g.PwriteDevice(ctx, device, p, 0)
	must(t, err)
}
