package calls

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"virt-tools/pkg/guestfs"
)

// btrfs makes a btrfs over disks and mounts it on /.
func btrfs(t *testing.T, opts *guestfs.MkfsBtrfsOpts, disks ...guestfs.Device) (context.Context, *guestfs.Handle) {
	t.Helper()
	ctx, g := shared(t)
	must(t, g.MkfsBtrfs(ctx, disks, opts))
	must(t, g.Mount(ctx, guestfs.Mountable(disks[0]), "/"))
	return ctx, g
}

func TestBtrfsSubvolumes(t *testing.T) {
	ctx, g := btrfs(t, nil, disk(0))
	must(t, g.BtrfsSubvolumeCreate(ctx, "/one", nil))
	must(t, g.Mkdir(ctx, "/dir with blank"))
	must(t, g.BtrfsSubvolumeCreate(ctx, "/dir with blank/two", nil))
	must(t, g.BtrfsSubvolumeCreate(ctx, "/one/inner", nil))
	must(t, g.Write(ctx, "/one/file", []byte("x")))
	must(t, g.BtrfsSubvolumeSnapshot(ctx, "/one", "/snap", nil))
	must(t, g.BtrfsSubvolumeSnapshot(ctx, "/one", "/frozen", &guestfs.BtrfsSubvolumeSnapshotOpts{Ro: true}))
	must(t, g.BtrfsFilesystemSync(ctx, "/"))
	wantErr(t, g.Write(ctx, "/frozen/file", []byte("y")), syscall.EROFS)
	text, err := g.Cat(ctx, "/snap/file")
	must(t, err)
	same(t, "file in the snapshot", text, "x")

	sub := func(id, top uint64, path string) guestfs.BTRFSSubvolume {
		return guestfs.BTRFSSubvolume{BtrfssubvolumeId: id, BtrfssubvolumeTopLevelId: top, BtrfssubvolumePath: path}
	}
	all := []guestfs.BTRFSSubvolume{sub(256, 5, "one"), sub(257, 5, "dir with blank/two"), sub(258, 256, "one/inner"), sub(259, 5, "snap"), sub(260, 5, "frozen")}
	for _, from := range []string{"/", "/dev/sda", "/dir with blank"} {
		list, err := g.BtrfsSubvolumeList(ctx, from)
		must(t, err)
		same(t, "btrfs_subvolume_list "+from, list, all)
	}
	for _, from := range []string{"/one", "btrfsvol:/dev/sda/one"} {
		list, err := g.BtrfsSubvolumeList(ctx, from)
		must(t, err)
		same(t, "btrfs_subvolume_list "+from, list[2], sub(258, 256, "inner"))
	}
	show, err := g.BtrfsSubvolumeShow(ctx, "/one")
	must(t, err)
	got := map[string]string{}
	for _, p := range show {
		got[p.Key] = p.Value
	}
	same(t, "btrfs_subvolume_show", []string{got["Name"], got["Subvolume ID"], got["Parent ID"], got["Snapshot(s)"]}, []string{"one", "256", "5", "snap,frozen"})

	id, err := g.BtrfsSubvolumeGetDefault(ctx, "/")
	must(t, err)
	same(t, "default", id, int64(5))
	must(t, g.BtrfsSubvolumeSetDefault(ctx, 256, "/"))
	id, err = g.BtrfsSubvolumeGetDefault(ctx, "/dev/sda")
	must(t, err)
	same(t, "default", id, int64(256))
	must(t, g.BtrfsSubvolumeSetDefault(ctx, 5, "/"))

	must(t, g.BtrfsSubvolumeDelete(ctx, "/dir with blank/two"))
	is, err := g.Exists(ctx, "/dir with blank/two")
	must(t, err)
	same(t, "deleted subvolume", is, false)

	for what, want := range map[string]struct {
		err  error
		text string
	}{
		"exists":        {g.BtrfsSubvolumeCreate(ctx, "/one", nil), "exists"},
		"no directory":  {g.BtrfsSubvolumeCreate(ctx, "/none/x", nil), "no such file"},
		"not one":       {g.BtrfsSubvolumeDelete(ctx, "/dir with blank"), "ot a "},
		"default":       {g.BtrfsSubvolumeSetDefault(ctx, 999, "/"), "no such file"},
		"negative":      {g.BtrfsSubvolumeSetDefault(ctx, -1, "/"), "not the number"},
		"delete a file": {g.BtrfsSubvolumeDelete(ctx, "/one/file"), "ot a "},
		"no source":     {g.BtrfsSubvolumeSnapshot(ctx, "/none", "/x", nil), "no such file"},
	} {
		if want.err == nil || !strings.Contains(strings.ToLower(want.err.Error()), strings.ToLower(want.text)) {
			t.Errorf("%s: error %v; want %q", what, want.err, want.text)
		}
	}
	_, err = g.BtrfsSubvolumeShow(ctx, "/dir with blank")
	if err == nil || !strings.Contains(err.Error(), "ubvolume: Invalid") {
		t.Errorf("btrfs_subvolume_show of a directory: %v", err)
	}
	_, err = g.BtrfsSubvolumeList(ctx, "/none")
	wantErr(t, err, fs.ErrNotExist)
}

func TestBtrfsQuota(t *testing.T) {
	ctx, g := btrfs(t, nil, disk(0))
	must(t, g.BtrfsQuotaEnable(ctx, "/", true))
	must(t, g.BtrfsSubvolumeCreate(ctx, "/sub", nil))
	must(t, g.BtrfsQgroupCreate(ctx, "1/0", "/"))
	must(t, g.BtrfsQgroupAssign(ctx, "0/256", "1/0", "/"))
	must(t, g.BtrfsQuotaRescan(ctx, "/"))
	groups, err := g.BtrfsQgroupShow(ctx, "/")
	must(t, err)
	const node = 16384
	qg := func(id string) guestfs.BTRFSQgroup {
		return guestfs.BTRFSQgroup{BtrfsqgroupId: id, BtrfsqgroupRfer: node, BtrfsqgroupExcl: node}
	}
	same(t, "btrfs_qgroup_show", groups, []guestfs.BTRFSQgroup{qg("0/5"), qg("0/256"), qg("1/0")})
	must(t, g.BtrfsQgroupLimit(ctx, "/sub", 1<<20))
	wantErr(t, g.Write(ctx, "/sub/big", make([]byte, 3<<20)), syscall.EDQUOT)
	must(t, g.BtrfsQgroupRemove(ctx, "0/256", "1/0", "/"))
	must(t, g.BtrfsQgroupDestroy(ctx, "1/0", "/"))
	wantErr(t, g.BtrfsQgroupCreate(ctx, "--help", "/"), syscall.EINVAL)
	must(t, g.BtrfsSubvolumeCreate(ctx, "/in-group", &guestfs.BtrfsSubvolumeCreateOpts{Qgroupid: "0/5"}))
	must(t, g.UmountAll(ctx))
	must(t, g.BtrfsQuotaEnable(ctx, "/dev/sda", false))
	must(t, g.Mount(ctx, "/dev/sda", "/"))
	_, err = g.BtrfsQgroupShow(ctx, "/")
	if err == nil || !strings.Contains(err.Error(), "quota") {
		t.Errorf("btrfs_qgroup_show without quotas: %v", err)
	}
}

func TestBtrfsDevices(t *testing.T) {
	ctx, g := btrfs(t, &guestfs.MkfsBtrfsOpts{Label: "two disks", Datatype: "raid0", Metadata: "raid1", Nodesize: 16384, Sectorsize: 4096}, disk(0), disk(1))
	show := func(dev guestfs.Device, want ...guestfs.Device) {
		t.Helper()
		list, err := g.BtrfsFilesystemShow(ctx, dev)
		must(t, err)
		same(t, "btrfs_filesystem_show", list, want)
	}
	show(disk(1), disk(0), disk(1))
	content := []byte(strings.Repeat("0123456789abcdef", 1<<16))
	must(t, g.Write(ctx, "/file", content))
	must(t, g.BtrfsDeviceAdd(ctx, []guestfs.Device{disk(2)}, "/"))
	show(disk(0), disk(0), disk(1), disk(2))
	must(t, g.BtrfsFilesystemBalance(ctx, "/"))
	status, err := g.BtrfsBalanceStatus(ctx, "/")
	must(t, err)
	same(t, "btrfs_balance_status", status, &guestfs.BTRFSBalance{BtrfsbalanceStatus: "none"})
	must(t, g.BtrfsReplace(ctx, disk(1), disk(3), "/"))
	must(t, g.BtrfsDeviceDelete(ctx, []guestfs.Device{disk(2)}, "/"))
	must(t, g.BtrfsDeviceDelete(ctx, nil, "/"))
	show(disk(0), disk(0), disk(3))
	must(t, g.BtrfsFilesystemResize(ctx, "/", &guestfs.BtrfsFilesystemResizeOpts{Size: 512 << 20}))
	st, err := g.Statvfs(ctx, "/")
	must(t, err)
	same(t, "size", st.Blocks*st.Bsize, int64(1536<<20))
	must(t, g.BtrfsFilesystemResize(ctx, "/", nil))
	must(t, g.BtrfsFilesystemDefragment(ctx, "/", &guestfs.BtrfsFilesystemDefragmentOpts{Flush: true, Compress: "zlib"}))
	must(t, g.BtrfsFilesystemDefragment(ctx, "/file", nil))
	sum, err := g.Checksum(ctx, "md5", "/file")
	must(t, err)
	same(t, "file after all that", sum, fmt.Sprintf("%x", md5.Sum(content)))
	wantErr(t, g.BtrfsFilesystemDefragment(ctx, "/", &guestfs.BtrfsFilesystemDefragmentOpts{Compress: "rar"}), syscall.EINVAL)
	wantErr(t, g.BtrfsFilesystemResize(ctx, "/", &guestfs.BtrfsFilesystemResizeOpts{Size: -1}), syscall.EINVAL)
	wantErr(t, g.MkfsBtrfs(ctx, nil, nil), syscall.EINVAL)
	wantErr(t, g.MkfsBtrfs(ctx, []guestfs.Device{disk(2)}, &guestfs.MkfsBtrfsOpts{Datatype: "raid7"}), syscall.EINVAL)
	wantErr(t, g.MkfsBtrfs(ctx, []guestfs.Device{disk(2)}, &guestfs.MkfsBtrfsOpts{Nodesize: 1000}), syscall.EINVAL)
}

// TestBtrfsUnmounted: what works on the device itself.
func TestBtrfsUnmounted(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 262143)) // the rescue reads all of it
	dev := guestfs.Device("/dev/sda1")
	must(t, g.Mkfs(ctx, "btrfs", dev, &guestfs.MkfsOpts{Features: "^extref,^skinny-metadata,^no-holes"}))
	must(t, g.BtrfstuneEnableExtendedInodeRefs(ctx, dev))
	must(t, g.BtrfstuneEnableSkinnyMetadataExtentRefs(ctx, dev))
	must(t, g.BtrfsFsck(ctx, dev, nil))
	must(t, g.BtrfsFsck(ctx, dev, &guestfs.BtrfsFsckOpts{Superblock: 1, Repair: true}))
	must(t, g.BtrfsRescueSuperRecover(ctx, dev))
	must(t, g.BtrfsRescueChunkRecover(ctx, dev))

	// The first superblock is restored from its copy.
	_, err := g.PwriteDevice(ctx, dev, make([]byte, 4096), 64<<10)
	must(t, err)
	if err := g.BtrfsFsck(ctx, dev, nil); err == nil {
		t.Error("btrfs_fsck without a superblock succeeds")
	}
	must(t, g.BtrfsRescueSuperRecover(ctx, dev))
	must(t, g.BtrfsFsck(ctx, dev, nil))

	must(t, g.Mkfs(ctx, "ext4", disk(1), nil))
	must(t, g.Mount(ctx, "/dev/sdb", "/"))
	must(t, g.BtrfsImage(ctx, []guestfs.Device{dev}, "/image", &guestfs.BtrfsImageOpts{Compresslevel: 1}))
	size, err := g.Filesize(ctx, "/image")
	must(t, err)
	if size < 4096 || size > 1<<20 {
		t.Errorf("btrfs_image wrote %d bytes", size)
	}
	wantErr(t, g.BtrfsImage(ctx, nil, "/image", nil), syscall.EINVAL)

	must(t, g.BtrfstuneSeeding(ctx, dev, true))
	must(t, g.UmountAll(ctx))
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	wantErr(t, g.Touch(ctx, "/x"), syscall.EROFS)
	must(t, g.UmountAll(ctx))
	must(t, g.BtrfsSetSeeding(ctx, dev, false))
	must(t, g.Mount(ctx, "/dev/sda1", "/"))
	must(t, g.Touch(ctx, "/x"))
	wantErr(t, g.BtrfsFsck(ctx, dev, &guestfs.BtrfsFsckOpts{Repair: true}), syscall.EBUSY)
}

func TestBtrfsScrub(t *testing.T) {
	ctx, g := btrfs(t, nil, disk(0))
	status, err := g.BtrfsScrubStatus(ctx, "/")
	must(t, err)
	same(t, "never scrubbed", status, &guestfs.BTRFSScrub{})
	// Enough for a scrub that can be caught while it runs.
	must(t, g.CopyDeviceToFile(ctx, disk(1), "/big", &guestfs.CopyDeviceToFileOpts{Size: ptr(int64(balanceBytes))}))
	must(t, g.BtrfsFilesystemSync(ctx, "/"))
	wantErr(t, g.BtrfsScrubCancel(ctx, "/"), syscall.ENOTCONN)
	for range 30 { // it begins a little later, and may have ended when the next call is there
		if err = g.BtrfsScrubStart(ctx, "/"); err == nil {
			err = g.BtrfsScrubCancel(ctx, "/")
		}
		if err == nil {
			break
		}
	}
	must(t, err)
	must(t, g.BtrfsScrubResume(ctx, "/"))
	for range 100 { // only one can run
		if err = g.BtrfsScrubFull(ctx, "/", &guestfs.BtrfsScrubFullOpts{Readonly: true}); err == nil {
			break
		}
	}
	must(t, err)
	status, err = g.BtrfsScrubStatus(ctx, "/")
	must(t, err)
	same(t, "data scrubbed", []uint64{status.BtrfsscrubDataBytesScrubbed, status.BtrfsscrubCsumErrors}, []uint64{balanceBytes, 0})
}

// balanceBytes are what a balance or a scrub has to do for seconds.
const balanceBytes = 160 << 20

// TestBtrfsBalance: two machines that are stopped in the middle of a balance.
// It goes on by itself when the filesystem is mounted the next time.
func TestBtrfsBalance(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
	must(t, errors.Join(os.WriteFile(one, nil, 0o600), os.Truncate(one, 1<<30)))
	start := func(image string) *guestfs.Handle {
		g := guestfs.New(&guestfs.Options{Trace: true})
		t.Cleanup(func() { g.Close() })
		g.OnEvent(observe)
		must(t, g.AddDrive(image, &guestfs.AddDriveOpts{Format: "raw", CacheMode: "unsafe"}))
		must(t, g.AddDriveScratch(balanceBytes, nil))
		must(t, g.Launch(ctx))
		return g
	}
	g := start(one)
	must(t, g.MkfsBtrfs(ctx, []guestfs.Device{disk(0)}, nil))
	must(t, g.Mount(ctx, "/dev/sda", "/"))
	must(t, g.CopyDeviceToFile(ctx, disk(1), "/big", nil))
	must(t, g.BtrfsFilesystemSync(ctx, "/"))
	time.AfterFunc(time.Second, func() { g.Close() })
	if err := g.BtrfsFilesystemBalance(ctx, "/"); err == nil {
		t.Fatal("balance ends within a second")
	}
	must(t, exec.Command("cp", "--sparse=always", one, two).Run())

	for _, image := range []string{one, two} {
		g := start(image)
		must(t, g.Mount(ctx, "/dev/sda", "/"))
		must(t, g.BtrfsBalancePause(ctx, "/"))
		status, err := g.BtrfsBalanceStatus(ctx, "/")
		must(t, err)
		same(t, "status", status.BtrfsbalanceStatus, "paused")
		if status.BtrfsbalanceTotal == 0 || status.BtrfsbalanceLeft > 100 {
			t.Errorf("%+v", status)
		}
		if image == one {
			must(t, g.BtrfsBalanceResume(ctx, "/"))
		} else {
			must(t, g.BtrfsBalanceCancel(ctx, "/"))
		}
		status, err = g.BtrfsBalanceStatus(ctx, "/")
		must(t, err)
		same(t, "status", status.BtrfsbalanceStatus, "none")
		wantErr(t, g.BtrfsBalancePause(ctx, "/"), syscall.ENOTCONN)
		must(t, g.Shutdown(ctx))
	}
}
