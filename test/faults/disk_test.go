package faults

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"virt-tools/internal/qemu"
	"virt-tools/pkg/guestfs"
)

// run runs a program of the host and returns what it prints.
func run(t *testing.T, stdin string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return string(out)
}

const sectorsPerBlock = 8 // of 512 bytes, in blocks of 4096

// blocks returns the first sectors of the blocks in a list like "12-15, 17".
func blocks(t *testing.T, list string) []int64 {
	t.Helper()
	var sectors []int64
	for _, part := range regexp.MustCompile(`(\d+)(?:-(\d+))?`).FindAllStringSubmatch(list, -1) {
		first, err := strconv.ParseInt(part[1], 10, 64)
		must(t, err)
		last := first
		if part[2] != "" {
			last, err = strconv.ParseInt(part[2], 10, 64)
			must(t, err)
		}
		for b := first; b <= last; b++ {
			sectors = append(sectors, b*sectorsPerBlock)
		}
	}
	if len(sectors) == 0 {
		t.Fatalf("no blocks in %q", list)
	}
	return sectors
}

// blank makes an image that begins with something other than zeros.
func blank(t *testing.T, name string, size int) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), name)
	const written = 16 << 20
	must(t, os.WriteFile(image, some(min(size, written)), 0o600))
	must(t, os.Truncate(image, int64(size)))
	return image
}

func addAll(images ...string) func(g *guestfs.Handle) error {
	return func(g *guestfs.Handle) error {
		for _, image := range images {
			if err := g.AddDrive(image, &guestfs.AddDriveOpts{Format: "raw"}); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestDiskWriteErrors: every call that writes to a device, on a disk that takes
// no writes and on one whose host has no room.
func TestDiskWriteErrors(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
		t.Run(errno.Error(), func(t *testing.T) {
			empty, gpt, ext := blank(t, "empty", 512<<20), blank(t, "gpt", 16<<20), blank(t, "ext", 512<<20)
			run(t, "label: gpt\nsize=4MiB\nsize=4MiB\n", "/sbin/sfdisk", "-q", "--wipe=always", gpt)
			run(t, "", "/sbin/mke2fs", "-q", "-F", "-t", "ext4", ext)
			bad := []qemu.Fault{{IO: "write", Errno: errno}, {IO: "write-zeroes", Errno: errno}, {IO: "discard", Errno: errno}}
			ctx, cancel := context.WithTimeout(t.Context(), prompt)
			defer cancel()
			ctx = qemu.WithFaults(ctx, map[string][]qemu.Fault{empty: bad, gpt: bad, ext: bad})
			g := start(ctx, t, addAll(empty, gpt, ext))
			devices(ctx, t, g).fail(ctx, t, g, errno)
			// wipefs and parted do not look whether their last write went well.
			if err := g.Wipefs(ctx, "/dev/sdc"); err != nil && !errors.Is(err, errno) {
				t.Errorf("wipefs = %v", err)
			}
			if err := g.Shutdown(ctx); !errors.Is(err, errno) {
				t.Errorf("shutdown = %v; want %v", err, errno)
			}
		})
	}
}

func devices(ctx context.Context, t *testing.T, g *guestfs.Handle) calls {
	const empty, gpt, ext = guestfs.Device("/dev/sda"), guestfs.Device("/dev/sdb"), guestfs.Device("/dev/sdc")
	size := int64(1 << 20)
	set := calls{
		"upload":                func() error { return g.Upload(ctx, bytes.NewReader(make([]byte, size)), string(empty)) },
		"pwrite_device":         func() error { return second(g.PwriteDevice(ctx, empty, []byte("x"), 4096)) },
		"zero":                  func() error { return g.Zero(ctx, empty) },
		"zero_device":           func() error { return g.ZeroDevice(ctx, empty) },
		"scrub_device":          func() error { return g.ScrubDevice(ctx, empty) },
		"dd":                    func() error { return g.Dd(ctx, string(gpt), string(empty)) },
		"copy_size":             func() error { return g.CopySize(ctx, string(gpt), string(empty), size) },
		"copy_device_to_device": func() error { return g.CopyDeviceToDevice(ctx, gpt, empty, nil) },
		"part_init mbr":         func() error { return g.PartInit(ctx, empty, "mbr") },
		"part_init gpt":         func() error { return g.PartInit(ctx, empty, "gpt") },
		"part_disk":             func() error { return g.PartDisk(ctx, empty, "gpt") },
		"part_add":              func() error { return g.PartAdd(ctx, gpt, "p", 24576, 26623) },
		"part_del":              func() error { return g.PartDel(ctx, gpt, 2) },
		"part_set_name":         func() error { return g.PartSetName(ctx, gpt, 1, "name") },
		"part_set_gpt_type":     func() error { return g.PartSetGptType(ctx, gpt, 1, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B") },
		"part_set_disk_guid":    func() error { return g.PartSetDiskGuidRandom(ctx, gpt) },
		"part_set_bootable":     func() error { return g.PartSetBootable(ctx, gpt, 1, true) },
		"mkswap":                func() error { return g.Mkswap(ctx, empty, nil) },
		"mke2fs":                func() error { return g.Mke2fs(ctx, empty, nil) },
		"mke2journal":           func() error { return g.Mke2journal(ctx, 4096, gpt) },
		"mkfs_btrfs":            func() error { return g.MkfsBtrfs(ctx, []guestfs.Device{empty}, nil) },
		"set_e2label":           func() error { return g.SetE2label(ctx, ext, "label") },
		"set_e2uuid":            func() error { return g.SetE2uuid(ctx, ext, "random") },
		"set_label":             func() error { return g.SetLabel(ctx, guestfs.Mountable(ext), "label") },
		"tune2fs":               func() error { return g.Tune2fs(ctx, ext, &guestfs.Tune2fsOpts{Maxmountcount: new(int)}) },
		"resize2fs_size":        func() error { return g.Resize2fsSize(ctx, ext, 16<<20) },
		"e2fsck":                func() error { return g.E2fsck(ctx, ext, &guestfs.E2fsckOpts{Forceall: true}) },
		"pvcreate":              func() error { return g.Pvcreate(ctx, empty) },
		"md_create":             func() error { return g.MdCreate(ctx, "md", []guestfs.Device{empty, ext}, nil) },
		"luks_format":           func() error { return g.LuksFormat(ctx, empty, "key", 0) },
	}
	for _, kind := range []string{"ext4", "xfs", "btrfs", "vfat", "ntfs", "f2fs", "exfat"} {
		set["mkfs "+kind] = func() error { return g.Mkfs(ctx, kind, empty, nil) }
	}
	return set
}

// TestFileWriteErrors: a filesystem in which every free block is bad.
func TestFileWriteErrors(t *testing.T) {
	good, bad := blank(t, "good", 64<<20), blank(t, "bad", 16<<20)
	run(t, "", "/sbin/mke2fs", "-q", "-F", "-t", "ext4", good)
	run(t, "", "/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-b", "4096", bad)
	free := regexp.MustCompile(`(?m)^  Free blocks: (.*)$`).FindStringSubmatch(run(t, "", "/sbin/dumpe2fs", bad))
	if free == nil {
		t.Fatal("dumpe2fs lists no free blocks")
	}
	ctx, cancel := context.WithTimeout(t.Context(), prompt)
	defer cancel()
	faulty := qemu.WithFaults(ctx, map[string][]qemu.Fault{bad: {{IO: "write", Errno: syscall.EIO, Sectors: blocks(t, free[1])}}})
	g := start(faulty, t, addAll(good, bad))
	must(t, g.Mount(ctx, "/dev/sda", "/"))
	must(t, g.Mkdir(ctx, "/full"))
	must(t, g.Mount(ctx, "/dev/sdb", "/full"))
	sources(ctx, t, g)
	for name, call := range writing(ctx, t, g) {
		(calls{name: call}).fail(ctx, t, g, syscall.EIO)
		for _, left := range []guestfs.Path{"/full/cp_a", "/full/cp_r", "/full/file", "/full/hostfile", "/full/mke2fs", "/full/hive", "/full/copy", guestfs.Path("/full/" + name)} {
			must(t, g.RmRf(ctx, left))
		}
	}
	// What no call was told comes with the unmounting, at the latest.
	must(t, g.Write(ctx, "/full/last", some(1<<16)))
	if err := g.Umount(ctx, "/full", nil); !errors.Is(err, syscall.EIO) {
		t.Errorf("umount = %v; want %v", err, syscall.EIO)
	}
	if err := g.Shutdown(ctx); !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), bad) {
		t.Errorf("shutdown = %v; want %v and the image", err, syscall.EIO)
	}
}

// TestReadErrors: a file whose blocks cannot be read, and a device.
func TestReadErrors(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "d/file"), some(1<<20), 0o644))
	image := blank(t, "image", 32<<20)
	run(t, "", "/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d", dir, image)
	used := strings.Fields(run(t, "", "/sbin/debugfs", "-R", "blocks /d/file", image))
	sectors := blocks(t, strings.Join(used[len(used)-1:], " ")) // the last: what comes before it is fine
	ctx, cancel := context.WithTimeout(t.Context(), prompt)
	defer cancel()
	g := start(qemu.WithFaults(ctx, map[string][]qemu.Fault{image: {{IO: "read", Errno: syscall.EIO, Sectors: sectors}}}), t, addAll(image))
	must(t, g.Mount(ctx, "/dev/sda", "/"))
	discard := io.Discard
	calls{
		"download":          func() error { return g.Download(ctx, "/d/file", discard) },
		"read_file":         func() error { return second(g.ReadFile(ctx, "/d/file")) },
		"pread":             func() error { return second(g.Pread(ctx, "/d/file", 1<<20, 0)) },
		"checksum":          func() error { return second(g.Checksum(ctx, "md5", "/d/file")) },
		"checksums_out":     func() error { return g.ChecksumsOut(ctx, "md5", "/d", discard) },
		"tar_out":           func() error { return g.TarOut(ctx, "/d", discard, nil) },
		"tgz_out":           func() error { return g.TgzOut(ctx, "/d", discard) },
		"cpio_out":          func() error { return g.CpioOut(ctx, "/d", discard, nil) },
		"base64_out":        func() error { return g.Base64Out(ctx, "/d/file", discard) },
		"compress_out":      func() error { return g.CompressOut(ctx, "gzip", "/d/file", discard, nil) },
		"cp":                func() error { return g.Cp(ctx, "/d/file", "/cp") },
		"cp_a":              func() error { return g.CpA(ctx, "/d", "/cp_a") },
		"copy_file_to_file": func() error { return g.CopyFileToFile(ctx, "/d/file", "/copy", nil) },
		"equal":             func() error { return second(g.Equal(ctx, "/d/file", "/d/file")) },
		"grep":              func() error { return second(g.Grep(ctx, "x", "/d/file", nil)) },
		"tail":              func() error { return second(g.Tail(ctx, "/d/file")) },
		"wc_c":              func() error { return second(g.WcL(ctx, "/d/file")) },
		"strings":           func() error { return second(g.Strings(ctx, "/d/file")) },
		"pread_device":      func() error { return second(g.PreadDevice(ctx, "/dev/sda", 512, sectors[0]*512)) },
		"checksum_device":   func() error { return second(g.ChecksumDevice(ctx, "md5", "/dev/sda")) },
		"download device":   func() error { return g.Download(ctx, "/dev/sda", discard) },
	}.fail(ctx, t, g, syscall.EIO)
}
