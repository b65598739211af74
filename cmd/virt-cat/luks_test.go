package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virt-tools/pkg/guestfs"
	"virt-tools/test/guests"
)

// The encrypted guest: a partition (LUKS 1) that holds a Linux root, a whole disk (LUKS 2),
// a logical volume (LUKS 2) and a RAID array (LUKS 1).
const (
	partitionKey, partitionUUID = "of the partition", "10000000-0000-4000-8000-000000000001"
	diskKey, diskUUID           = "of: the disk", "20000000-0000-4000-8000-000000000002"
	volumeKey, volumeUUID       = "of the volume", "30000000-0000-4000-8000-000000000003"
	arrayKey, arrayUUID         = "of the array", "40000000-0000-4000-8000-000000000004"
)

func TestVMEncrypted(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	images := encrypted(t)
	before := guests.Hash(t, images...)
	diskKeyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(diskKeyFile, []byte(diskKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mapped := func(uuid string) string { return "/dev/mapper/luks-" + uuid }
	tests := []struct {
		name           string
		stdin          string
		args           []string
		stdout, stderr string // stderr: a part
		status         int
	}{
		{
			// The array is listed before the volume.
			name: "all four", stdin: arrayKey + "\n" + volumeKey + "\n",
			args: []string{
				"--key", "/dev/vda1:key:" + partitionKey, "--key", diskUUID + ":file:" + diskKeyFile, "--keys-from-stdin",
				"-m", mapped(partitionUUID), "-m", mapped(diskUUID) + ":/disk", "-m", mapped(volumeUUID) + ":/volume", "-m", mapped(arrayUUID) + ":/array",
				"/which", "/disk/which", "/volume/which", "/array/which",
			},
			stdout: "partition\ndisk\nvolume\narray\n",
		},
		{
			name: "found by inspection, several keys for all",
			args: []string{
				"--key", "all:key:" + arrayKey, "--key", "all:key:" + volumeKey, "--key", "all:key:" + diskKey, "--key", "all:key:" + partitionKey,
				"/which", "/volume/which",
			},
			stdout: "partition\nvolume\n",
		},
		{
			name: "a wrong key", args: []string{"--key", "/dev/sda1:key:wrong", "/which"},
			stderr: "virt-cat: error: /dev/sda1: no key given with --key opens it\nvirt-cat: hint: its UUID is " + partitionUUID + "\n", status: 1,
		},
		{
			name: "too few lines", stdin: diskKey + "\n", args: []string{"--keys-from-stdin", "/which"},
			stderr: "virt-cat: error: key for /dev/sda1: standard input has no more lines\n", status: 1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var args []string
			for _, image := range images {
				args = append(args, "--format=raw", "-a", image)
			}
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), append(args, test.args...), strings.NewReader(test.stdin), &stdout, &stderr)
			if stdout.String() != test.stdout || status != test.status || !strings.Contains(stderr.String(), test.stderr) || test.stderr == "" && stderr.Len() > 0 {
				t.Errorf("status %d, stdout %q, stderr %q; want %d, %q, %q", status, stdout.String(), stderr.String(), test.status, test.stdout, test.stderr)
			}
		})
	}
	if guests.Hash(t, images...) != before {
		t.Error("the images have changed")
	}
}

// encrypted makes the disks.
func encrypted(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	luks1 := header(t, dir, "luks1", partitionUUID, partitionKey)
	luks2 := header(t, dir, "luks2", diskUUID, diskKey)
	volume := header(t, dir, "luks2", volumeUUID, volumeKey)
	array := header(t, dir, "luks1", arrayUUID, arrayKey)
	g := guestfs.New(nil)
	defer g.Close()
	var images []string
	for _, name := range []string{"a.img", "b.img", "c.img", "d.img"} {
		image := filepath.Join(dir, name)
		images = append(images, image)
		if err := errors.Join(os.WriteFile(image, nil, 0o644), os.Truncate(image, 64<<20), g.AddDrive(image, &guestfs.AddDriveOpts{Format: "raw"})); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	if err := g.Launch(ctx); err != nil {
		t.Fatal(err)
	}
	const sectorsPerMiB = 2048
	err := errors.Join(
		g.PartDisk(ctx, "/dev/sda", "mbr"),
		g.Pvcreate(ctx, "/dev/sdc"), g.Vgcreate(ctx, "vg", []guestfs.Device{"/dev/sdc"}), g.Lvcreate(ctx, "a-b", "vg", 40),
		g.PartInit(ctx, "/dev/sdd", "gpt"),
		g.PartAdd(ctx, "/dev/sdd", "primary", sectorsPerMiB, 29*sectorsPerMiB), g.PartAdd(ctx, "/dev/sdd", "primary", 30*sectorsPerMiB, 58*sectorsPerMiB),
		g.MdCreate(ctx, "array", []guestfs.Device{"/dev/sdd1", "/dev/sdd2"}, &guestfs.MdCreateOpts{Level: "raid1"}),
	)
	arrays, listErr := g.ListMdDevices(ctx)
	if err = errors.Join(err, listErr); err != nil || len(arrays) != 1 {
		t.Fatalf("%v, arrays %v", err, arrays)
	}
	err = errors.Join(
		fill(ctx, g, luks1, "/dev/sda1", partitionKey, "partition"),
		fill(ctx, g, luks2, "/dev/sdb", diskKey, "disk"),
		fill(ctx, g, volume, "/dev/vg/a-b", volumeKey, "volume"),
		fill(ctx, g, array, arrays[0], arrayKey, "array"),
		g.Shutdown(ctx),
	)
	if err != nil {
		t.Fatal(err)
	}
	return images
}

// header makes an empty encrypted disk in a file, which needs neither root nor the
// device mapper.
func header(t *testing.T, dir, kind, uuid, key string) string {
	t.Helper()
	file := filepath.Join(dir, uuid)
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, 20<<20)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/usr/sbin/cryptsetup", "-q", "luksFormat", "--type", kind, "--uuid", uuid,
		"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file", "-", file)
	cmd.Stdin = strings.NewReader(key)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cryptsetup: %v\n%s", err, out)
	}
	return file
}

// fill puts the encrypted disk onto a device, and a filesystem with a Linux root into it.
func fill(ctx context.Context, g *guestfs.Handle, header string, device guestfs.Device, key, which string) error {
	f, err := os.Open(header)
	if err != nil {
		return err
	}
	defer f.Close()
	const name = "fill"
	err = errors.Join(
		g.Upload(ctx, f, string(device)),
		g.CryptsetupOpen(ctx, device, key, name, nil),
		g.Mkfs(ctx, "ext2", "/dev/mapper/"+name, nil),
		g.Mount(ctx, "/dev/mapper/"+name, "/"),
		g.Write(ctx, "/which", []byte(which+"\n")),
	)
	if which == "partition" {
		for _, dir := range []guestfs.Path{"/bin", "/etc", "/disk", "/volume", "/array"} {
			err = errors.Join(err, g.Mkdir(ctx, dir))
		}
		err = errors.Join(err,
			g.Write(ctx, "/etc/fstab", []byte("/dev/mapper/luks-"+partitionUUID+" / ext2 defaults 0 0\n/dev/mapper/luks-"+volumeUUID+" /volume ext2 defaults 0 0\n")),
			g.Write(ctx, "/etc/os-release", []byte("ID=debian\nVERSION_ID=12.4\n")))
	}
	return errors.Join(err, g.UmountAll(ctx), g.CryptsetupClose(ctx, "/dev/mapper/"+name))
}
