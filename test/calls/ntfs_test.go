package calls

import (
	"bytes"
	"io"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestNTFS(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 264191)) // 128 MiB
	must(t, g.PartAdd(ctx, disk(0), "p", 264192, 526335))
	dev := guestfs.Device("/dev/sda1")
	probe := func(dev guestfs.Device, want int) {
		t.Helper()
		for _, rw := range []bool{false, true} {
			status, err := g.Ntfs3gProbe(ctx, rw, dev)
			must(t, err)
			same(t, "ntfs_3g_probe", status, want)
		}
	}
	probe(dev, 12) // not NTFS
	must(t, g.Mkfs(ctx, "ntfs", dev, &guestfs.MkfsOpts{Label: "before"}))
	probe(dev, 0)
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	must(t, g.Write(ctx, "/file", []byte("content")))
	must(t, g.UmountAll(ctx))
	must(t, g.NtfsChmod(ctx, dev, 0o640, "/file", nil))
	wantErr(t, g.NtfsChmod(ctx, dev, 0o640, "-h", nil), syscall.EINVAL)
	wantErr(t, g.NtfsChmod(ctx, dev, -1, "/file", nil), syscall.EINVAL)
	if err := g.NtfsChmod(ctx, dev, 0o640, "/none", nil); err == nil {
		t.Error("ntfs_chmod of no file succeeds")
	}

	var image bytes.Buffer
	must(t, g.NtfscloneOut(ctx, dev, &image, nil))
	if n := image.Len(); n < 1<<20 || n > 100<<20 {
		t.Errorf("an image of %d bytes", n)
	}
	must(t, g.NtfscloneIn(ctx, bytes.NewReader(image.Bytes()), "/dev/sda2"))
	must(t, g.MountRo(ctx, "/dev/sda2", "/"))
	text, err := g.Cat(ctx, "/file")
	must(t, err)
	same(t, "file in the clone", text, "content")
	must(t, g.UmountAll(ctx))
	if err := g.NtfscloneIn(ctx, bytes.NewReader(image.Bytes()[:1000]), "/dev/sda2"); err == nil {
		t.Error("ntfsclone_in of a broken image succeeds")
	}
	if err := g.NtfscloneIn(ctx, bytes.NewReader(bytes.Repeat([]byte("no image"), 1<<20)), "/dev/sda2"); err == nil {
		t.Error("ntfsclone_in of no image succeeds")
	}
	if err := g.NtfscloneOut(ctx, disk(1), io.Discard, nil); err == nil {
		t.Error("ntfsclone_out of nothing succeeds")
	}
	must(t, g.NtfscloneOut(ctx, dev, io.Discard, &guestfs.NtfscloneOutOpts{Metadataonly: true, Rescue: true, Force: true}))

	must(t, g.Ntfsresize(ctx, dev, &guestfs.NtfsresizeOpts{Size: 64 << 20}))
	must(t, g.Ntfsfix(ctx, dev, nil))
	must(t, g.Mkfs(ctx, "ntfs", "/dev/sda2", nil))
	must(t, g.NtfsresizeSize(ctx, "/dev/sda2", 80<<20)) // which then is scheduled for a check
	must(t, g.Ntfsresize(ctx, dev, &guestfs.NtfsresizeOpts{Force: true}))
	must(t, g.Ntfsfix(ctx, dev, &guestfs.NtfsfixOpts{Clearbadsectors: true}))
	must(t, g.MountRo(ctx, "/dev/sda1", "/"))
	text, err = g.Cat(ctx, "/file")
	must(t, err)
	same(t, "file after resizing", text, "content")
	must(t, g.UmountAll(ctx))
	wantErr(t, g.Ntfsresize(ctx, dev, &guestfs.NtfsresizeOpts{Size: -5}), syscall.EINVAL)
	if err := g.Ntfsresize(ctx, dev, &guestfs.NtfsresizeOpts{Size: 1 << 40}); err == nil {
		t.Error("ntfsresize beyond the device succeeds")
	}
}

func TestF2FS(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 264191))
	must(t, g.Mkfs(ctx, "f2fs", "/dev/sda1", nil))
	size := func() int64 {
		t.Helper()
		must(t, g.Mount(ctx, "/dev/sda1", "/"))
		st, err := g.Statvfs(ctx, "/")
		must(t, err)
		must(t, g.UmountAll(ctx))
		return st.Blocks * st.Bsize
	}
	before := size()
	must(t, g.PartResize(ctx, disk(0), 1, 526335))
	must(t, g.F2fsExpand(ctx, "/dev/sda1"))
	if after := size(); after-before < 100<<20 {
		t.Errorf("f2fs of %d bytes grows to %d", before, after)
	}
	if err := g.F2fsExpand(ctx, disk(1)); err == nil {
		t.Error("f2fs_expand of nothing succeeds")
	}
}
