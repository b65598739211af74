package daemon

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestChecksum compares with the programs of coreutils.
func TestChecksum(t *testing.T) {
	c, root := newGuest(t)
	random := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{0, 1, 7, 8, 9, 255, 4096, copyBytes + 13} {
		content := make([]byte, size)
		random.Read(content)
		file := filepath.Join(root, "f")
		must(t, os.WriteFile(file, content, 0o644))
		for kind, program := range map[string]string{
			"crc": "cksum", "MD5": "md5sum", "sha1": "sha1sum", "sha224": "sha224sum", "SHA256": "sha256sum", "sha384": "sha384sum", "sha512": "sha512sum",
		} {
			out, err := exec.Command(program, file).Output()
			must(t, err)
			want := strings.Fields(string(out))[0]
			if got, err := doChecksum(c, kind, "/f"); got != want || err != nil {
				t.Errorf("checksum(%s) of %d bytes = %q, %v; want %q", kind, size, got, err, want)
			}
		}
	}
}

func BenchmarkCksum(b *testing.B) {
	p := make([]byte, 1<<20)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		(&cksum{}).Write(p)
	}
}
