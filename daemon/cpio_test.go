package daemon

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func run(t *testing.T, dir, stdin string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return string(out)
}

// TestCpioReader reads what cpio and the daemon itself have written.
func TestCpioReader(t *testing.T) {
	_, root := newGuest(t)
	write(t, root, "d/file", "content")
	write(t, root, "name with\nline end", "")
	must(t, os.Symlink("target", filepath.Join(root, "link")))
	for _, format := range []string{"newc", "crc"} {
		archive := run(t, root, ".\x00d\x00d/file\x00link\x00name with\nline end\x00", "cpio", "-0", "-o", "--quiet", "-H", format)
		r := newCpioReader(strings.NewReader(archive))
		var got []string
		for {
			e, err := r.next()
			if err == io.EOF {
				break
			}
			must(t, err)
			content, err := io.ReadAll(e.content)
			must(t, err)
			got = append(got, e.name+"="+string(content))
		}
		want := []string{".=", "d=", "d/file=content", "link=target", "name with\nline end="}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

func FuzzCpioReader(f *testing.F) {
	f.Add([]byte("070701" + strings.Repeat("00000000", 11) + "0000000200000000a\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		r := newCpioReader(bytes.NewReader(archive))
		for range 1000 {
			e, err := r.next()
			if err != nil {
				return
			}
			if n, err := io.Copy(io.Discard, e.content); err == nil && n > e.size {
				t.Fatalf("%d bytes of content; the header says %d", n, e.size)
			}
		}
	})
}

// TestInitrd: plain, packed in each way, and behind an archive that is not.
func TestInitrd(t *testing.T) {
	c, root := newGuest(t)
	write(t, root, "tree/init", "#!/bin/sh\n")
	write(t, root, "tree/etc/conf", "setting\n")
	must(t, os.Link(filepath.Join(root, "tree/etc/conf"), filepath.Join(root, "tree/etc/other")))
	write(t, root, "early/kernel/x86/microcode", strings.Repeat("m", 1000))
	early := run(t, filepath.Join(root, "early"), ".\nkernel\nkernel/x86\nkernel/x86/microcode\n", "cpio", "-o", "--quiet", "-H", "newc")
	plain := run(t, filepath.Join(root, "tree"), ".\netc\netc/conf\netc/other\ninit\n", "cpio", "-o", "--quiet", "-H", "newc")
	want := []string{".", "etc", "etc/conf", "etc/other", "init"}
	for _, packer := range []string{"cat", "gzip -c", "bzip2 -c", "xz -c", "zstd -qc", "xz -c --format=lzma"} {
		packed := run(t, root, plain, strings.Fields(packer)...)
		for name, image := range map[string]string{"alone": packed, "behind another": early + packed, "behind two": early + early + packed, "with zeroes": early + strings.Repeat("\x00", 3*512) + packed} {
			write(t, root, "initrd", image)
			got, err := doInitrdList(c, "/initrd")
			must(t, err)
			// cpio stores a file with two names last, and with it the second name.
			if diff := cmp.Diff(want, sorted(got)); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", packer, name, diff)
			}
			for _, file := range []string{"etc/conf", "/etc/other", "./etc/conf"} {
				content, err := doInitrdCat(c, "/initrd", file)
				if string(content) != "setting\n" || err != nil {
					t.Errorf("%s, %s: %s = %q, %v", packer, name, file, content, err)
				}
			}
		}
	}
	write(t, root, "initrd", plain)
	for file, want := range map[string]error{"none": syscall.ENOENT, "etc": syscall.EINVAL} {
		if _, err := doInitrdCat(c, "/initrd", file); !isErrno(err, want) {
			t.Errorf("initrd_cat of %s: %v; want %v", file, err, want)
		}
	}
	write(t, root, "initrd", plain[:300])
	if _, err := doInitrdList(c, "/initrd"); !isErrno(err, syscall.EINVAL) {
		t.Errorf("initrd_list of a damaged archive: %v; want EINVAL", err)
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
