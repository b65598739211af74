package calls

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/pkg/guestfs"
)

const diskSectors = driveBytes / 512

// partitions is part_list in sectors.
func partitions(t *testing.T, ctx context.Context, g *guestfs.Handle, dev guestfs.Device) []string {
	t.Helper()
	ss, err := g.BlockdevGetss(ctx, dev)
	must(t, err)
	list, err := g.PartList(ctx, dev)
	must(t, err)
	lines := []string{}
	for _, p := range list {
		if p.PartEnd+1-p.PartStart != p.PartSize {
			t.Errorf("partition %+v: its size is not from start to end", p)
		}
		lines = append(lines, fmt.Sprintf("%d: %d-%d", p.PartNum, p.PartStart/int64(ss), p.PartEnd/int64(ss)))
	}
	return lines
}

// kernelParts is what the kernel made of the table: partitions and their sizes
// in units of 512 bytes. Reading the size opens the node. The kernel shows the
// first sector or two of an extended partition.
func kernelParts(t *testing.T, ctx context.Context, g *guestfs.Handle, dev guestfs.Device) []string {
	t.Helper()
	list, err := g.ListPartitions(ctx)
	must(t, err)
	lines := []string{}
	for _, p := range list {
		if !strings.HasPrefix(string(p), string(dev)) {
			continue
		}
		size, err := g.BlockdevGetsz(ctx, p)
		must(t, err)
		num := strings.TrimPrefix(string(p), string(dev))
		if size <= 2 {
			lines = append(lines, num+" extended")
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %d", num, size))
	}
	return lines
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestPartitionsMBR(t *testing.T) {
	ctx, g := shared(t)
	sda := disk(0)
	must(t, g.PartInit(ctx, sda, "mbr"))
	same(t, "empty", partitions(t, ctx, g, sda), []string{})
	must(t, g.PartAdd(ctx, sda, "p", 64, 204799))
	must(t, g.PartAdd(ctx, sda, "extended", 204800, 614400))
	must(t, g.PartAdd(ctx, sda, "l", 204864, 205988))
	must(t, g.PartAdd(ctx, sda, "logical", 206848, 300000))
	must(t, g.PartAdd(ctx, sda, "primary", 700000, -1))
	same(t, "table", partitions(t, ctx, g, sda), []string{
		"1: 64-204799", "2: 204800-614400", "5: 204864-205988", "6: 206848-300000", fmt.Sprintf("3: 700000-%d", diskSectors-1),
	})
	same(t, "kernel", kernelParts(t, ctx, g, sda), []string{
		"1 204736", "2 extended", fmt.Sprintf("3 %d", diskSectors-700000), "5 1125", "6 93153",
	})
	kind, err := g.PartGetParttype(ctx, sda)
	must(t, err)
	same(t, "kind", kind, "msdos")
	for num, want := range map[int]string{1: "primary", 2: "extended", 3: "primary", 5: "logical", 6: "logical"} {
		role, err := g.PartGetMbrPartType(ctx, sda, num)
		must(t, err)
		same(t, fmt.Sprintf("role of %d", num), role, want)
	}
	must(t, g.PartSetMbrId(ctx, sda, 6, 0x8e))
	id, err := g.PartGetMbrId(ctx, sda, 6)
	must(t, err)
	same(t, "type", id, 0x8e)
	must(t, g.PartSetBootable(ctx, sda, 1, true))
	for num, want := range map[int]bool{1: true, 3: false, 5: false} {
		boot, err := g.PartGetBootable(ctx, sda, num)
		must(t, err)
		same(t, fmt.Sprintf("bootable %d", num), boot, want)
	}

	must(t, g.PartResize(ctx, sda, 1, 204797))
	must(t, g.PartDel(ctx, sda, 2))
	same(t, "kernel after deletion", kernelParts(t, ctx, g, sda), []string{"1 204734", fmt.Sprintf("3 %d", diskSectors-700000)})
	must(t, g.PartSetMbrId(ctx, sda, 3, 0x05))
	same(t, "kernel after the type became extended", kernelParts(t, ctx, g, sda), []string{"1 204734", "3 extended"})
}

func TestPartitionsGPT(t *testing.T) {
	const guid = "01234567-89AB-CDEF-0123-456789ABCDEF"
	ctx, g := shared(t)
	sda := disk(0)
	must(t, g.PartDisk(ctx, sda, "gpt"))
	same(t, "whole disk", partitions(t, ctx, g, sda), []string{fmt.Sprintf("1: 128-%d", diskSectors-128)})
	must(t, g.PartInit(ctx, sda, "gpt"))
	must(t, g.PartAdd(ctx, sda, "p", 34, 127))
	must(t, g.PartAdd(ctx, sda, "p", 2048, -34))
	same(t, "table", partitions(t, ctx, g, sda), []string{"1: 34-127", fmt.Sprintf("2: 2048-%d", diskSectors-34)})
	same(t, "kernel", kernelParts(t, ctx, g, sda), []string{"1 94", fmt.Sprintf("2 %d", diskSectors-34-2048+1)})
	kind, err := g.PartGetParttype(ctx, sda)
	must(t, err)
	same(t, "kind", kind, "gpt")

	must(t, g.PartSetGptType(ctx, sda, 1, guid))
	must(t, g.PartSetGptGuid(ctx, sda, 2, guid))
	must(t, g.PartSetName(ctx, sda, 2, "Größe: a;b 'c' \"d\""))
	must(t, g.PartSetGptAttributes(ctx, sda, 1, 844424930131973))
	must(t, g.PartSetDiskGuid(ctx, sda, guid))
	get := func(what string, want any) func(got any, err error) {
		return func(got any, err error) {
			t.Helper()
			must(t, err)
			same(t, what, got, want)
		}
	}
	get("type", guid)(first(g.PartGetGptType(ctx, sda, 1)))
	get("guid", guid)(first(g.PartGetGptGuid(ctx, sda, 2)))
	get("name", "Größe: a;b 'c' \"d\"")(first(g.PartGetName(ctx, sda, 2)))
	get("attributes", int64(844424930131973))(first(g.PartGetGptAttributes(ctx, sda, 1)))
	get("disk", guid)(first(g.PartGetDiskGuid(ctx, sda)))
	get("role", "primary")(first(g.PartGetMbrPartType(ctx, sda, 1)))
	get("legacy boot", true)(first(g.PartGetBootable(ctx, sda, 1)))
	get("boot", false)(first(g.PartGetBootable(ctx, sda, 2)))
	must(t, g.PartSetBootable(ctx, sda, 2, true))
	get("boot", true)(first(g.PartGetBootable(ctx, sda, 2)))
	get("what boot means", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B")(first(g.PartGetGptType(ctx, sda, 2)))
	must(t, g.PartSetDiskGuidRandom(ctx, sda))
	random, err := g.PartGetDiskGuid(ctx, sda)
	must(t, err)
	if random == guid || len(random) != 36 {
		t.Errorf("random disk GUID %q", random)
	}
	must(t, g.PartExpandGpt(ctx, sda))
	must(t, g.PartDel(ctx, sda, 1))
	same(t, "table at the end", partitions(t, ctx, g, sda), []string{fmt.Sprintf("2: 2048-%d", diskSectors-34)})
}

func first[T any](v T, err error) (any, error) { return v, err }

func TestPartitionsSectors4096(t *testing.T) {
	ctx, g := shared(t)
	dev := disk(bigSectors)
	last := int64(driveBytes / 4096)
	for _, kind := range []string{"gpt", "msdos"} {
		must(t, g.PartInit(ctx, dev, kind))
		must(t, g.PartAdd(ctx, dev, "p", 256, 999))
		must(t, g.PartAdd(ctx, dev, "p", 1024, -64))
		same(t, kind, partitions(t, ctx, g, dev), []string{"1: 256-999", fmt.Sprintf("2: 1024-%d", last-64)})
		same(t, kind+" in the kernel", kernelParts(t, ctx, g, dev), []string{fmt.Sprintf("1 %d", 744*8), fmt.Sprintf("2 %d", (last-64-1024+1)*8)})
		got, err := g.PartGetParttype(ctx, dev)
		must(t, err)
		same(t, "kind", got, kind)
	}
}

func TestPartitionsOtherLabels(t *testing.T) {
	ctx, g := shared(t)
	sda := disk(0)
	for _, label := range []string{"mac", "sun", "bsd", "amiga", "dvh", "pc98"} {
		must(t, g.PartInit(ctx, sda, label))
		got, err := g.PartGetParttype(ctx, sda)
		must(t, err)
		same(t, "label", got, label)
		must(t, g.Zero(ctx, sda))
	}
}

func TestPartitionDevices(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.PartDisk(ctx, disk(1), "mbr"))
	must(t, g.PartDisk(ctx, disk(0), "gpt"))
	list, err := g.ListPartitions(ctx)
	must(t, err)
	same(t, "list_partitions", list, []guestfs.Device{"/dev/sda1", "/dev/sdb1"})
	dev, err := g.PartToDev(ctx, "/dev/sdb1")
	must(t, err)
	same(t, "part_to_dev", dev, disk(1))
	num, err := g.PartToPartnum(ctx, "/dev/sdb1")
	must(t, err)
	same(t, "part_to_partnum", num, 1)
	_, err = g.PartToDev(ctx, disk(0))
	wantErr(t, err, syscall.EINVAL)
	_, err = g.PartToPartnum(ctx, disk(0))
	wantErr(t, err, syscall.EINVAL)
	_, err = g.PartToDev(ctx, "/dev/sda7")
	wantErr(t, err, fs.ErrNotExist)
	for dev, want := range map[guestfs.Device]bool{"/dev/sda": true, "/dev/sda1": false} {
		whole, err := g.IsWholeDevice(ctx, dev)
		must(t, err)
		same(t, "is_whole_device "+string(dev), whole, want)
	}

	// Written behind the kernel's back: it learns when it is told.
	_, err = g.PwriteDevice(ctx, disk(1), make([]byte, 66), 446)
	must(t, err)
	must(t, g.BlockdevRereadpt(ctx, disk(1)))
	same(t, "after the table was wiped", kernelParts(t, ctx, g, disk(1)), []string{})
	wantErr(t, g.BlockdevRereadpt(ctx, "/dev/sda1"), syscall.EINVAL)
}

func TestPartitionErrors(t *testing.T) {
	ctx, g := shared(t)
	sda := disk(0)
	_, err := g.PartList(ctx, sda)
	wantErr(t, err, syscall.EINVAL)
	_, err = g.PartGetParttype(ctx, sda)
	wantErr(t, err, syscall.EINVAL)
	must(t, g.PartDisk(ctx, sda, "msdos"))
	wantErr(t, g.PartInit(ctx, sda, "nonesuch"), syscall.EINVAL)
	wantErr(t, g.PartAdd(ctx, sda, "p", -5, 100), syscall.EINVAL)
	wantErr(t, g.PartSetGptType(ctx, sda, 1, "01234567-89AB-CDEF-0123-456789ABCDEF"), syscall.EINVAL)
	wantErr(t, g.PartSetGptType(ctx, sda, 1, "f"), syscall.EINVAL)
	wantErr(t, g.PartExpandGpt(ctx, sda), syscall.EINVAL)
	wantErr(t, g.PartDel(ctx, sda, 0), syscall.EINVAL)
	_, err = g.PartGetMbrId(ctx, sda, 3)
	wantErr(t, err, fs.ErrNotExist)
	err = g.PartAdd(ctx, sda, "p", 1000, 2000)
	var e *guestfs.Error
	if !errors.As(err, &e) || !strings.Contains(e.Msg, "closest location") {
		t.Errorf("overlapping partition: %v", err)
	}
	must(t, g.Mkfs(ctx, "ext2", disk(1), nil))
	if kind, err := g.PartGetParttype(ctx, disk(1)); err == nil || !strings.Contains(err.Error(), "not a partitioned device") {
		t.Errorf("part_get_parttype of a filesystem = %q, %v", kind, err)
	}
}
