package calls

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestFsck(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 1048575))
	dev := guestfs.Device("/dev/sda1")
	check := func(kind string, want int) {
		t.Helper()
		status, err := g.Fsck(ctx, kind, dev)
		must(t, err)
		same(t, "fsck of "+kind, status, want)
	}
	for _, kind := range []string{"ext4", "vfat", "exfat", "f2fs", "xfs", "btrfs"} {
		must(t, g.Mkfs(ctx, kind, dev, nil))
		check(kind, 0)
	}
	must(t, g.MkfsB(ctx, "ext2", 1024, dev))
	_, err := g.PwriteDevice(ctx, dev, []byte{1, 2}, 2048+12) // free blocks of the first group
	must(t, err)
	_, err = g.PwriteDevice(ctx, dev, []byte{0}, 1024+58) // not cleanly unmounted
	must(t, err)
	check("ext2", 1)
	check("ext2", 0)
	check("ext4", 0)
	must(t, g.Zero(ctx, dev))
	check("ext4", 8)
	_, err = g.Fsck(ctx, "zfs", dev)
	wantErr(t, err, errors.ErrUnsupported)
}

func TestDf(t *testing.T) {
	ctx, g := shared(t)
	if _, err := g.Df(ctx); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("df without a root: %v", err)
	}
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 1048575))
	must(t, g.Mkfs(ctx, "vfat", "/dev/sda1", &guestfs.MkfsOpts{Blocksize: 8192}))
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	st, err := g.Statvfs(ctx, "/")
	must(t, err)
	kib := fmt.Sprint(st.Blocks * st.Bsize / 1024)
	text, err := g.Df(ctx)
	must(t, err)
	same(t, "df", text, "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/sda1     "+kib+"    0    "+kib+"   0% /\n")
	text, err = g.DfH(ctx)
	must(t, err)
	same(t, "df_h", text, "Filesystem Size Used Available Use% Mounted on\n/dev/sda1  511M    0      511M   0% /\n")
}

// TestFreeSpace: a file with content is deleted, and its blocks must be gone
// from the device.
func TestFreeSpace(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 65535))
	secret := []byte("a line that nobody shall read")
	traces := func() int {
		t.Helper()
		b, err := g.PreadDevice(ctx, "/dev/sda1", 3<<20, 0)
		must(t, err)
		for offset := int64(3 << 20); offset < 31<<20; offset += 1 << 20 {
			more, err := g.PreadDevice(ctx, "/dev/sda1", 1<<20, offset)
			must(t, err)
			b = append(b, more...)
		}
		return bytes.Count(b, secret)
	}
	for name, free := range map[string]func() error{
		"zero_free_space": func() error { return g.ZeroFreeSpace(ctx, "/") },
		"fstrim":          func() error { return g.Fstrim(ctx, "/", &guestfs.FstrimOpts{Offset: 0, Minimumfreeextent: 1024}) },
	} {
		must(t, g.Mkfs(ctx, "ext4", "/dev/sda1", nil))
		must(t, g.Mount(ctx, "/dev/sda1", "/"))
		must(t, g.Write(ctx, "/file", bytes.Repeat(secret, 1000)))
		must(t, g.Sync(ctx))
		must(t, g.Rm(ctx, "/file"))
		must(t, free())
		names, err := g.Ls(ctx, "/")
		must(t, err)
		same(t, "names left", names, []string{"lost+found"})
		must(t, g.UmountAll(ctx))
		must(t, g.DropCaches(ctx, 3))
		same(t, name+": traces", traces(), 0)
	}
	must(t, g.Mkfs(ctx, "vfat", "/dev/sda1", nil))
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	must(t, g.ZeroFreeSpace(ctx, "/"))
	wantErr(t, g.ZeroFreeSpace(ctx, "/none"), fs.ErrNotExist)
	wantErr(t, g.Fstrim(ctx, "/", &guestfs.FstrimOpts{Length: -1}), syscall.EINVAL)
	wantErr(t, g.Fstrim(ctx, "/none", nil), fs.ErrNotExist)
}

func TestIsoinfo(t *testing.T) {
	ctx, g := filesystem(t)
	if _, err := exec.LookPath("xorriso"); err != nil {
		t.Fatal("xorriso makes the image of this test: ", err)
	}
	dir := t.TempDir()
	iso := filepath.Join(dir, "x.iso")
	out, err := exec.Command("xorriso", "-as", "mkisofs", "-quiet", "-o", iso, "-V", "VOLUME", "-volset", "SET OF ONE", "-publisher", "PUBLISHER",
		"-p", "PREPARER", "-A", "APPLICATION", "-sysid", "LINUX", "--modification-date=2020010203040500", "/etc/hostname").CombinedOutput()
	if err != nil {
		t.Fatalf("xorriso: %v\n%s", err, out)
	}
	image, err := os.ReadFile(iso)
	must(t, err)
	must(t, g.Upload(ctx, bytes.NewReader(image), "/x.iso"))
	must(t, g.Upload(ctx, bytes.NewReader(image), "/dev/sdb"))
	want := &guestfs.ISOInfo{
		IsoSystemId: "LINUX", IsoVolumeId: "VOLUME", IsoVolumeSpaceSize: uint32(len(image) / 2048), IsoVolumeSetSize: 1, IsoVolumeSequenceNumber: 1,
		IsoLogicalBlockSize: 2048, IsoVolumeSetId: "SET OF ONE", IsoPublisherId: "PUBLISHER", IsoDataPreparerId: "PREPARER", IsoApplicationId: "APPLICATION",
		IsoVolumeCreationT: 1577934245, IsoVolumeModificationT: 1577934245, IsoVolumeExpirationT: -1, IsoVolumeEffectiveT: -1,
	}
	info, err := g.Isoinfo(ctx, "/x.iso")
	must(t, err)
	same(t, "isoinfo", info, want)
	info, err = g.IsoinfoDevice(ctx, "/dev/sdb")
	must(t, err)
	same(t, "isoinfo_device", info, want)
	_, err = g.IsoinfoDevice(ctx, "/dev/sdc")
	wantErr(t, err, syscall.EINVAL)
	_, err = g.Isoinfo(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)
}

func TestMksquashfs(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.MkdirP(ctx, "/tree/sub dir"))
	must(t, g.Write(ctx, "/tree/file", []byte("content")))
	must(t, g.Write(ctx, "/tree/sub dir/left out", []byte("x")))
	must(t, g.Write(ctx, "/tree/sub dir/kept", []byte("y")))
	var image bytes.Buffer
	must(t, g.Mksquashfs(ctx, "/tree", &image, &guestfs.MksquashfsOpts{Compress: "xz", Excludes: []string{"sub dir/left*"}}))
	must(t, g.Upload(ctx, &image, "/dev/sdb"))
	must(t, g.UmountAll(ctx))
	must(t, g.MountRo(ctx, "/dev/sdb", "/"))
	text, err := g.Cat(ctx, "/file")
	must(t, err)
	same(t, "file", text, "content")
	names, err := g.Ls(ctx, "/sub dir")
	must(t, err)
	same(t, "names", names, []string{"kept"})
	wantErr(t, g.Mksquashfs(ctx, "/", io.Discard, &guestfs.MksquashfsOpts{Compress: "zip"}), syscall.EINVAL)
	wantErr(t, g.Mksquashfs(ctx, "/", io.Discard, &guestfs.MksquashfsOpts{Excludes: []string{"a\nb"}}), syscall.EINVAL)
	err = g.Mksquashfs(ctx, "/none", io.Discard, nil)
	wantErr(t, err, fs.ErrNotExist)
	if strings.Contains(err.Error(), "sysroot") {
		t.Errorf("the error names a path of the appliance: %v", err)
	}
}
