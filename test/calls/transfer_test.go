package calls

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func random(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func TestTransfer(t *testing.T) {
	ctx, g := filesystem(t)
	content := random(10<<20 + 7)
	must(t, g.Upload(ctx, bytes.NewReader(content), "/f"))
	sum := sha256.Sum256(content)
	got, err := g.Checksum(ctx, "SHA256", "/f")
	must(t, err)
	same(t, "checksum", got, hex.EncodeToString(sum[:]))
	var out bytes.Buffer
	must(t, g.Download(ctx, "/f", &out))
	same(t, "download", bytes.Equal(out.Bytes(), content), true)
	out.Reset()
	must(t, g.DownloadOffset(ctx, "/f", &out, 10<<20, 100))
	same(t, "download_offset", out.Bytes(), content[10<<20:])
	must(t, g.UploadOffset(ctx, bytes.NewReader([]byte("over")), "/f", 3))
	part, err := g.Pread(ctx, "/f", 10, 0)
	must(t, err)
	same(t, "upload_offset", part, append(append(content[:3:3], "over"...), content[7:10]...))
	must(t, g.Upload(ctx, bytes.NewReader([]byte("short")), "/f"))
	size, err := g.Filesize(ctx, "/f")
	must(t, err)
	same(t, "filesize after a shorter upload", size, int64(5))

	wantErr(t, g.Upload(ctx, bytes.NewReader(content), "/none/f"), fs.ErrNotExist)
	wantErr(t, g.Upload(ctx, bytes.NewReader(content), "/"), syscall.EISDIR)
	wantErr(t, g.UploadOffset(ctx, bytes.NewReader(content), "/f", -1), syscall.EINVAL)
	wantErr(t, g.Download(ctx, "/none", io.Discard), fs.ErrNotExist)
	wantErr(t, g.DownloadOffset(ctx, "/f", io.Discard, 0, -1), syscall.EINVAL)
	must(t, g.PingDaemon(ctx)) // the two ends still agree
}

// TestUploadDevice: partitions that come with an upload are there at once.
func TestUploadDevice(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartDisk(ctx, disk(0), "gpt"))
	var start bytes.Buffer
	must(t, g.DownloadOffset(ctx, string(disk(0)), &start, 0, 1<<20))
	sum, err := g.ChecksumDevice(ctx, "crc", disk(1))
	must(t, err)
	same(t, "crc of a disk of zeros", sum, "3413741448")
	must(t, g.Upload(ctx, &start, string(disk(1))))
	list, err := g.ListPartitions(ctx)
	must(t, err)
	same(t, "partitions", list, []guestfs.Device{"/dev/sda1", "/dev/sdb1"})
}

func TestFull(t *testing.T) {
	ctx, g := shared(t)
	for _, kind := range []string{"ext4", "vfat", "ntfs", "btrfs"} {
		must(t, g.PartInit(ctx, disk(0), "mbr"))
		must(t, g.PartAdd(ctx, disk(0), "p", 2048, 2048+112*2048-1))
		must(t, g.Mkfs(ctx, kind, "/dev/sda1", nil))
		must(t, g.Mount(ctx, "/dev/sda1", "/"))
		big := io.LimitReader(zeros{}, 120<<20)
		wantErr(t, g.Upload(ctx, big, "/big"), syscall.ENOSPC)
		must(t, g.Rm(ctx, "/big"))
		if kind == "ext4" {
			wantErr(t, g.TarIn(ctx, archive(t, "big", 120<<20), "/", nil), syscall.ENOSPC)
		}
		must(t, g.UmountAll(ctx))
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// archive makes a tar archive of one file of zeros.
func archive(t *testing.T, name string, size int64) io.Reader {
	t.Helper()
	var head bytes.Buffer
	must(t, tar.NewWriter(&head).WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o644, Uid: 1000}))
	const block = 512
	return io.MultiReader(&head, io.LimitReader(zeros{}, (size+block-1)/block*block+2*block))
}

// tree makes a tree on the host and tells what is in it.
func tree(t *testing.T) (dir, description string) {
	t.Helper()
	dir = t.TempDir()
	for i := range 3000 {
		name := filepath.Join(dir, fmt.Sprintf("d%02d", i/100), fmt.Sprintf("file %d\n", i))
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		must(t, os.WriteFile(name, []byte(name), os.FileMode(0o400|i%64)))
	}
	must(t, os.WriteFile(dir+"/big", random(5<<20), 0o644))
	must(t, os.Link(dir+"/big", dir+"/hard"))
	must(t, os.Symlink("/etc/passwd", dir+"/abs"))
	must(t, syscall.Mkfifo(dir+"/fifo", 0o600))
	return dir, describeTree(t, dir)
}

func describeTree(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `cd "$1" && find . -printf '%p %y %m %U:%G %Ts %l %n\n' | sort && find . -type f -print0 | sort -z | xargs -0 -r md5sum`, "sh", dir).Output()
	must(t, err)
	return string(out)
}

// TestTar goes through the appliance and back, with GNU tar at both ends.
func TestTar(t *testing.T) {
	ctx, g := filesystem(t)
	dir, want := tree(t)
	for _, compress := range []string{"", "gzip", "zstd"} {
		pack := []string{"-C", dir, "-cf", "-", "."}
		unpack := []string{"-C", "", "-xpf", "-"}
		if compress != "" {
			pack, unpack = append(pack, "--"+compress), append(unpack, "--"+compress)
		}
		packed, err := exec.Command("tar", pack...).Output()
		must(t, err)
		must(t, g.MkdirP(ctx, "/t"))
		must(t, g.TarIn(ctx, bytes.NewReader(packed), "/t", &guestfs.TarInOpts{Compress: compress}))
		var back bytes.Buffer
		must(t, g.TarOut(ctx, "/t", &back, &guestfs.TarOutOpts{Compress: compress, Numericowner: true}))
		unpack[1] = t.TempDir()
		cmd := exec.Command("tar", unpack...)
		cmd.Stdin = &back
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("tar: %v\n%s", err, out)
		}
		same(t, "tree after tar_in and tar_out, compress "+compress, describeTree(t, unpack[1]), want)
		must(t, g.RmRf(ctx, "/t"))
	}
	wantErr(t, g.TarIn(ctx, archive(t, "x", 0), "/none", nil), fs.ErrNotExist)
	wantErr(t, g.TarIn(ctx, archive(t, "../x", 0), "/", nil), syscall.EINVAL)
	wantErr(t, g.TarOut(ctx, "/none", io.Discard, nil), fs.ErrNotExist)
	must(t, g.PingDaemon(ctx))
}

// TestTarInFat: a filesystem without owners and modes takes an archive.
func TestTarInFat(t *testing.T) {
	ctx, g := shared(t)
	for _, kind := range []string{"vfat", "exfat", "ntfs"} {
		must(t, g.Mkfs(ctx, kind, disk(0), nil))
		must(t, g.Mount(ctx, "/dev/sda", "/"))
		must(t, g.TarIn(ctx, archive(t, "dir/x", 5), "/", nil))
		size, err := g.Filesize(ctx, "/dir/x")
		must(t, err)
		same(t, "size on "+kind, size, int64(5))
		must(t, g.UmountAll(ctx))
	}
}
