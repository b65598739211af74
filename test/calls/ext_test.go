package calls

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func ptr[T any](v T) *T { return &v }

// TestExt makes filesystems with mke2fs's options and reads them back.
func TestExt(t *testing.T) {
	ctx, g := shared(t)
	const size = 64 << 20
	must(t, g.Mke2fs(ctx, disk(0), &guestfs.Mke2fsOpts{
		Blockscount: size / 2048, Blocksize: 2048, Blockspergroup: 8192, Inodesize: 256, Numberofinodes: 4096, Journalsize: 4,
		Stridesize: 16, Stripewidth: 64, Maxonlineresize: 1 << 20, Reservedblockspercentage: ptr(0), Label: "label", Lastmounteddir: "/last",
		Creatoros: "Linux", Fstype: "ext4", Usagetype: "small", Uuid: newUUID, Forcecreate: true, Testfs: true,
		Lazyitableinit: ptr(false), Lazyjournalinit: ptr(false), Discard: ptr(false), Extent: ptr(true), Filetype: ptr(true), Flexbg: ptr(false),
		Hasjournal: ptr(true), Largefile: ptr(true), Quota: ptr(false), Resizeinode: ptr(true), Sparsesuper: ptr(true), Uninitbg: ptr(false),
	}))
	super := func(want map[string]string) {
		t.Helper()
		pairs, err := g.Tune2fsL(ctx, disk(0))
		must(t, err)
		got := map[string]string{}
		for _, p := range pairs {
			if _, ok := want[p.Key]; ok {
				got[p.Key] = p.Value
			}
		}
		same(t, "tune2fs_l", got, want)
	}
	super(map[string]string{
		"Block count": "32768", "Block size": "2048", "Blocks per group": "8192", "Inode size": "256", "Inode count": "4096",
		"Filesystem volume name": "label", "Last mounted on": "/last", "Filesystem UUID": newUUID, "Reserved block count": "0",
		"Filesystem OS type": "Linux", "RAID stride": "16", "RAID stripe width": "64",
	})
	must(t, g.Tune2fs(ctx, disk(0), &guestfs.Tune2fsOpts{
		Force: true, Maxmountcount: ptr(23), Mountcount: ptr(7), Errorbehavior: "remount-ro", Group: ptr(int64(12)), User: ptr(int64(34)),
		Intervalbetweenchecks: ptr(3600), Reservedblockscount: ptr(int64(55)), Lastmounteddirectory: ptr(""),
	}))
	super(map[string]string{
		"Maximum mount count": "23", "Mount count": "7", "Errors behavior": "Remount read-only", "Reserved blocks gid": "12 (group unknown)",
		"Reserved blocks uid": "34 (user unknown)", "Check interval": "3600 (1:00:00)", "Reserved block count": "55", "Last mounted on": "",
	})
	must(t, g.Tune2fs(ctx, disk(0), &guestfs.Tune2fsOpts{Intervalbetweenchecks: ptr(0), Reservedblockspercentage: ptr(10), Maxmountcount: ptr(0)}))
	super(map[string]string{"Maximum mount count": "-1", "Check interval": "0 (<none>)", "Reserved block count": "3276"})

	must(t, g.E2fsck(ctx, disk(0), nil))

	must(t, g.Mke2fs(ctx, disk(0), &guestfs.Mke2fsOpts{Fstype: "ext4", Blocksize: 2048, Blockscount: size / 2048}))
	must(t, g.Resize2fsSize(ctx, disk(0), 128<<20))
	super(map[string]string{"Block count": "65536"})
	must(t, g.Resize2fs(ctx, disk(0)))
	super(map[string]string{"Block count": "524288"})
	least, err := g.VfsMinimumSize(ctx, guestfs.Mountable(disk(0)))
	must(t, err)
	must(t, g.Resize2fsM(ctx, disk(0)))
	pairs, err := g.Tune2fsL(ctx, disk(0))
	must(t, err)
	for _, p := range pairs {
		if n, err := strconv.ParseInt(p.Value, 10, 64); p.Key == "Block count" && (err != nil || n > least/2048) {
			t.Errorf("%s blocks after resize2fs_M; want at most %d", p.Value, least/2048)
		}
	}
	must(t, g.E2fsck(ctx, disk(0), &guestfs.E2fsckOpts{Forceno: true}))
	must(t, g.Zerofree(ctx, disk(0)))

	// A group descriptor that lies about free blocks is put right.
	must(t, g.Mke2fs(ctx, disk(0), &guestfs.Mke2fsOpts{Fstype: "ext2", Blocksize: 1024, Blockscount: 8192}))
	_, err = g.PwriteDevice(ctx, disk(0), []byte{1, 2}, 2048+12) // of the first group
	must(t, err)
	err = g.E2fsck(ctx, disk(0), &guestfs.E2fsckOpts{Forceno: true})
	if err == nil || !strings.Contains(err.Error(), "Free blocks count wrong") {
		t.Errorf("e2fsck -n of a damaged filesystem: %v", err)
	}
	must(t, g.E2fsck(ctx, disk(0), &guestfs.E2fsckOpts{Forceall: true}))
	must(t, g.E2fsck(ctx, disk(0), &guestfs.E2fsckOpts{Forceno: true}))
	must(t, g.E2fsckF(ctx, disk(0)))
}

func TestExtErrors(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Mkfs(ctx, "ext4", disk(0), nil))
	for what, err := range map[string]error{
		"two ways":   g.E2fsck(ctx, disk(0), &guestfs.E2fsckOpts{Correct: true, Forceall: true}),
		"odd size":   g.Resize2fsSize(ctx, disk(0), 1000),
		"behaviour":  g.Tune2fs(ctx, disk(0), &guestfs.Tune2fsOpts{Errorbehavior: "ignore"}),
		"negative":   g.Tune2fs(ctx, disk(0), &guestfs.Tune2fsOpts{Mountcount: ptr(-1)}),
		"type":       g.Mke2fs(ctx, disk(0), &guestfs.Mke2fsOpts{Fstype: "xfs"}),
		"label":      g.Mke2fs(ctx, disk(0), &guestfs.Mke2fsOpts{Label: "seventeen-bytes-x"}),
		"block size": g.Mke2fs(ctx, disk(0), &guestfs.Mke2fsOpts{Blocksize: -1}),
		"old type":   g.Mke2fsJ(ctx, "btrfs", 4096, disk(0), disk(1)),
	} {
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: error %v; want EINVAL", what, err)
		}
	}
	_, err := g.Tune2fsL(ctx, disk(1))
	if err == nil || !strings.Contains(err.Error(), "Bad magic number") {
		t.Errorf("tune2fs_l of nothing: %v", err)
	}
	wantErr(t, g.Mke2fs(ctx, disk(0), &guestfs.Mke2fsOpts{Journaldevice: "/dev/sdz"}), fs.ErrNotExist)
	must(t, g.Mount(ctx, guestfs.Mountable(disk(0)), "/"))
	if err := g.E2fsck(ctx, disk(0), &guestfs.E2fsckOpts{Correct: true}); err == nil || !strings.Contains(err.Error(), "is mounted") {
		t.Errorf("e2fsck of a mounted filesystem: %v", err)
	}
}

func TestExtJournal(t *testing.T) {
	ctx, g := shared(t)
	const uuid = "11111111-2222-4333-8444-555555555555"
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	for i, end := range []int64{65535, 131071, 196607, 262143} {
		start := []int64{2048, 65536, 131072, 196608}[i]
		must(t, g.PartAdd(ctx, disk(0), "p", start, end))
	}
	kind := func(dev guestfs.Mountable, want string) {
		t.Helper()
		k, err := g.VfsType(ctx, dev)
		must(t, err)
		same(t, "type of "+string(dev), k, want)
	}
	must(t, g.Mke2journal(ctx, 4096, "/dev/sda1"))
	kind("/dev/sda1", "jbd")
	must(t, g.Mke2fsJ(ctx, "ext3", 4096, "/dev/sda2", "/dev/sda1"))
	kind("/dev/sda2", "ext3")
	must(t, g.Mke2journalL(ctx, 4096, "outside", "/dev/sda3"))
	must(t, g.Mke2fsJL(ctx, "ext4", 4096, "/dev/sda4", "outside"))
	must(t, g.Mount(ctx, "/dev/sda4", "/"))
	must(t, g.UmountAll(ctx))
	must(t, g.Mke2journalU(ctx, 4096, uuid, "/dev/sda3"))
	must(t, g.Mke2fsJU(ctx, "ext4", 4096, "/dev/sda4", uuid))
	pairs, err := g.Tune2fsL(ctx, "/dev/sda4")
	must(t, err)
	found := ""
	for _, p := range pairs {
		if p.Key == "Journal UUID" {
			found = p.Value
		}
	}
	same(t, "journal", found, uuid)
	must(t, g.Mke2fs(ctx, "/dev/sda2", &guestfs.Mke2fsOpts{Blocksize: 4096, Journaldevice: "/dev/sda1"}))

	must(t, g.SetE2label(ctx, "/dev/sda2", "old call"))
	label, err := g.GetE2label(ctx, "/dev/sda2")
	must(t, err)
	same(t, "label", label, "old call")
	must(t, g.SetE2uuid(ctx, "/dev/sda2", newUUID))
	id, err := g.GetE2uuid(ctx, "/dev/sda2")
	must(t, err)
	same(t, "UUID", id, newUUID)
}

func TestExtAttributes(t *testing.T) {
	ctx, g := shared(t)
	// The kernel keeps generation numbers to itself where checksums have them in.
	must(t, g.Mkfs(ctx, "ext4", disk(0), &guestfs.MkfsOpts{Features: "^metadata_csum"}))
	must(t, g.Mount(ctx, guestfs.Mountable(disk(0)), "/"))
	must(t, g.Touch(ctx, "/file"))
	must(t, g.LnS(ctx, "file", "/link"))
	attrs := func(path guestfs.Path, want string) {
		t.Helper()
		got, err := g.GetE2attrs(ctx, path)
		must(t, err)
		same(t, "attributes of "+string(path), got, want)
	}
	attrs("/file", "e")
	must(t, g.SetE2attrs(ctx, "/file", "id", nil))
	attrs("/file", "dei")
	wantErr(t, g.Write(ctx, "/file", []byte("x")), fs.ErrPermission)
	must(t, g.SetE2attrs(ctx, "/file", "i", &guestfs.SetE2attrsOpts{Clear: true}))
	attrs("/file", "de")
	must(t, g.SetE2attrs(ctx, "/file", "", nil))
	for _, bad := range []string{"R", "q", "dd", "é", "-", "I"} {
		wantErr(t, g.SetE2attrs(ctx, "/file", bad, nil), syscall.EINVAL)
	}
	_, err := g.GetE2attrs(ctx, "/link")
	wantErr(t, err, syscall.EOPNOTSUPP)
	_, err = g.GetE2attrs(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)

	must(t, g.SetE2generation(ctx, "/file", 4000000000))
	n, err := g.GetE2generation(ctx, "/file")
	must(t, err)
	same(t, "generation", n, int64(4000000000))
	wantErr(t, g.SetE2generation(ctx, "/file", -1), syscall.EINVAL)

	wantErr(t, g.MklostAndFound(ctx, "/"), fs.ErrExist)
	must(t, g.Rmdir(ctx, "/lost+found"))
	must(t, g.MklostAndFound(ctx, "/"))
	st, err := g.Lstatns(ctx, "/lost+found")
	must(t, err)
	same(t, "lost+found", []int64{st.StMode, st.StSize}, []int64{0o40700, 16384})
	names, err := g.Ls(ctx, "/lost+found")
	must(t, err)
	same(t, "names left", len(names), 0)
}
