package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/test/reference"
)

// bindingSays is what binding.c prints, on libguestfs's appliance as well.
const bindingSays = `list_devices: /dev/sda /dev/sdb
part_list: 1, 1 65536
lvs_full: 1, lv 104857600
list_filesystems: /dev/sdb unknown /dev/vg/lv ext4
mountpoints: /dev/vg/lv /
statvfs: 1024 255
read_file: 12, the same
pread: and 
pwrite: 3
getxattrs: user.name 6
ls: a b link
find: dir dir/a b dir/link file lost+found
readdir: 2 directories, 1 files, 1 links
lstatnslist: 3, 100644 120777 none
readlinklist:  a b 
exists: 1 0
umask: 22
filesize: 12
cat of nothing: error, No such file or directory
rmdir of a full one: error, Directory not empty
mkdir of what is there: error, File exists
write to a read-only disk: 1
equal: 1
tar_in: a b link
cancelled download: error, Interrupted system call
progress: some
`

// TestBinding: a program on libguestfs's C binding.
func TestBinding(t *testing.T) {
	ctx, w := setup(t)
	dir := t.TempDir()
	program := filepath.Join(dir, "binding")
	if out, err := exec.CommandContext(ctx, "gcc", "-Wall", "-Werror", "-o", program, "testdata/binding.c", "-lguestfs").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	appliances := []string{w.ours}
	if *update { // has libguestfs's own say the same?
		appliances = append(appliances, "")
	}
	for _, appliance := range appliances {
		for name, size := range map[string]int64{"one": 256 << 20, "two": 2 << 30} {
			disk := filepath.Join(dir, name)
			if err := os.WriteFile(disk, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(disk, size); err != nil {
				t.Fatal(err)
			}
		}
		r, err := reference.Run(ctx, w.tools.Env(appliance), "/usr/bin/env", "-C", dir, program, "one", "two")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(bindingSays, r.Stdout); diff != "" || r.Code != 0 {
			t.Errorf("appliance %q: exit status %d, %s (-want +got):\n%s", appliance, r.Code, r.Stderr, diff)
		}
	}
}
