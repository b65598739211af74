package calls

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestSfdisk(t *testing.T) {
	ctx, g := shared(t)
	sda := disk(0)
	must(t, g.Sfdisk(ctx, sda, 0, 0, 0, []string{"2048,20480,83", ",,82"}))
	same(t, "table", partitions(t, ctx, g, sda), []string{"1: 2048-22527", fmt.Sprintf("2: 22528-%d", diskSectors-1)})
	same(t, "kernel", kernelParts(t, ctx, g, sda), []string{"1 20480", fmt.Sprintf("2 %d", diskSectors-22528)})
	must(t, g.SfdiskN(ctx, sda, 1, 0, 0, 0, ",4096,8e"))
	same(t, "table after a change", partitions(t, ctx, g, sda), []string{"1: 2048-6143", fmt.Sprintf("2: 22528-%d", diskSectors-1)})
	same(t, "kernel after a change", kernelParts(t, ctx, g, sda), []string{"1 4096", fmt.Sprintf("2 %d", diskSectors-22528)})
	kind, err := g.PartGetMbrId(ctx, sda, 1)
	must(t, err)
	same(t, "type", kind, 0x8e)

	list, err := g.SfdiskL(ctx, sda)
	must(t, err)
	for _, line := range []string{fmt.Sprintf("Disk /dev/sda: 1 GiB, %d bytes, %d sectors", driveBytes, diskSectors), "Disklabel type: dos", "/dev/sda1"} {
		if !strings.Contains(list, line) {
			t.Errorf("sfdisk_l has no %q:\n%s", line, list)
		}
	}
	for name, call := range map[string]func() (string, error){
		"sfdisk_kernel_geometry": func() (string, error) { return g.SfdiskKernelGeometry(ctx, sda) },
		"sfdisk_disk_geometry":   func() (string, error) { return g.SfdiskDiskGeometry(ctx, sda) },
	} {
		got, err := call()
		must(t, err)
		same(t, name, got, "/dev/sda: 1011 cylinders, 34 heads, 61 sectors/track\n")
	}

	must(t, g.SfdiskM(ctx, sda, []string{"1,100", ",+,82"}))
	same(t, "table in megabytes", partitions(t, ctx, g, sda), []string{"1: 2048-206847", fmt.Sprintf("2: 206848-%d", diskSectors-1)})

	wantErr(t, g.Sfdisk(ctx, sda, 130, 255, 63, []string{","}), syscall.EINVAL)
	wantErr(t, g.SfdiskN(ctx, sda, 0, 0, 0, 0, ","), syscall.EINVAL)
	wantErr(t, g.Sfdisk(ctx, sda, 0, 0, 0, []string{",\nwrite"}), syscall.EINVAL)
	if err := g.Sfdisk(ctx, sda, 0, 0, 0, []string{"nonsense"}); err == nil || !strings.Contains(err.Error(), "line 1: unsupported command") {
		t.Errorf("a line that sfdisk does not know: error %v", err)
	}
	if err := g.SfdiskN(ctx, sda, 1, 0, 0, 0, ",300000"); err == nil {
		t.Error("no error when a partition would reach into the next")
	}
	same(t, "table after errors", partitions(t, ctx, g, sda), []string{"1: 2048-206847", fmt.Sprintf("2: 206848-%d", diskSectors-1)})

	must(t, g.Mkfs(ctx, "ext2", sda+"1", nil))
	must(t, g.Mount(ctx, guestfs.Mountable(sda+"1"), "/"))
	if err := g.Sfdisk(ctx, sda, 0, 0, 0, []string{","}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a disk that is in use: error %v", err)
	}
}
