package daemon

import (
	"strings"
	"testing"
)

func TestMkfsArgs(t *testing.T) {
	num := func(n int) *int { return &n }
	str := func(s string) *string { return &s }
	for _, tc := range []struct {
		fstype string
		opts   mkfsOpts
		sector int
		want   string // or the error
	}{
		{"ext4", mkfsOpts{}, 512, "mke2fs -t ext4 -F"},
		{"ext2", mkfsOpts{Blocksize: num(1024), Inode: num(256), Features: str("^resize_inode"), Label: str("root")}, 512,
			"mke2fs -t ext2 -F -b 1024 -O ^resize_inode -I 256 -L root"},
		{"vfat", mkfsOpts{Blocksize: num(8192), Label: str("EFI")}, 4096, "mkfs.vfat -I --mbr=n -s 2 -n EFI"},
		{"vfat", mkfsOpts{Blocksize: num(512)}, 4096, "unsupported cluster size"},
		{"ntfs", mkfsOpts{Blocksize: num(4096)}, 512, "mkfs.ntfs -Q -F -c 4096"},
		{"xfs", mkfsOpts{Blocksize: num(1024)}, 512, "mkfs.xfs -f -b size=1024"},
		{"f2fs", mkfsOpts{Label: str("x")}, 512, "mkfs.f2fs -l x"},
		{"btrfs", mkfsOpts{Blocksize: num(4096)}, 512, "blocksize cannot be set on btrfs"},
		{"xfs", mkfsOpts{Label: str("more than twelve")}, 512, "xfs labels are limited to 12 bytes"},
		{"ext4", mkfsOpts{Label: str("more than sixteen")}, 512, "ext2/3/4 labels are limited to 16 bytes"},
		{"minix", mkfsOpts{Label: str("x")}, 512, "don't know how to set the label for 'minix'"},
		{"xfs", mkfsOpts{Inode: num(512)}, 512, "inode size (-I)"},
		{"ext4", mkfsOpts{Inode: num(0)}, 512, "inode size must be"},
		{"ext4", mkfsOpts{Sectorsize: num(512)}, 512, "sector size (-S)"},
		{"ext4", mkfsOpts{Blocksize: num(1000)}, 512, "power of 2"},
		{"ext4", mkfsOpts{Blocksize: num(-1024)}, 512, "power of 2"},
		{"../sbin/reboot", mkfsOpts{}, 512, "not a filesystem type"},
		{"-V", mkfsOpts{}, 512, "not a filesystem type"},
		{"", mkfsOpts{}, 512, "not a filesystem type"},
	} {
		argv, err := mkfsArgs(tc.fstype, &tc.opts, tc.sector)
		got := strings.Join(argv, " ")
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != tc.want || err != nil && !strings.Contains(got, tc.want) {
			t.Errorf("mkfsArgs(%q) = %q; want %q", tc.fstype, got, tc.want)
		}
	}
}

func TestParseNTFSSize(t *testing.T) {
	const head = "Device name        : /dev/sda1\nNTFS volume version: 3.1\nCluster size       : 4096 bytes\nCurrent volume size: 104853504 bytes (105 MB)\n"
	for _, tc := range []struct {
		out  string
		full bool
		want int64
	}{
		{head + "You might resize at 2572288 bytes or 3 MB (freeing 102 MB).\n", false, 2572288},
		{head, true, 104853504},
		{strings.Replace(head, "104853504", "104853505", 1), true, 104857600},
		{head, false, -1},
		{"", true, -1},
		{strings.Replace(head, "4096", "0", 1), true, -1},
	} {
		got, err := parseNTFSSize(tc.out, tc.full)
		if err != nil {
			got = -1
		}
		if got != tc.want {
			t.Errorf("parseNTFSSize(%q, %t) = %d, %v; want %d", tc.out, tc.full, got, err, tc.want)
		}
	}
}

func TestProduct(t *testing.T) {
	if n, err := product(25, 4096); n != 102400 || err != nil {
		t.Errorf("product(25, 4096) = %d, %v", n, err)
	}
	for _, bad := range [][2]int64{{-1, 4096}, {1, 0}, {1 << 62, 4}} {
		if n, err := product(bad[0], bad[1]); err == nil {
			t.Errorf("product(%d, %d) = %d; want an error", bad[0], bad[1], n)
		}
	}
}

func TestInFilesystems(t *testing.T) {
	text := []byte("nodev\tsysfs\nnodev\text4fake\n\text3\n\text4\n\tfuseblk\n")
	for name, want := range map[string]bool{"ext4": true, "ext": false, "sysfs": false, "fuseblk": true, "": false} {
		if got := inFilesystems(text, name); got != want {
			t.Errorf("inFilesystems(%q) = %t; want %t", name, got, want)
		}
	}
}
