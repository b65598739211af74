package appliance

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A host for tests: a folder with a kernel that is hardly more than its version, no modules, and the programs that
// are required, which are empty executables. Building an appliance of it takes milliseconds.

const testVersion = "6.1.0-18-amd64"

// newHost makes a host and a daemon, and clears the environment of what would choose others.
func newHost(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	write(t, root, "boot/vmlinuz-"+testVersion, kernelImage(testVersion))
	write(t, root, "lib/modules/"+testVersion+"/modules.dep", nil)
	write(t, root, "etc/mke2fs.conf", []byte("[defaults]\n"))
	for _, name := range []string{"mke2fs", "e2fsck", "blkid"} {
		write(t, root, "usr/sbin/"+name, executable())
	}
	daemon := filepath.Join(t.TempDir(), "guestfsd")
	write(t, filepath.Dir(daemon), "guestfsd", []byte("daemon"))
	for _, name := range []string{"SUPERMIN_KERNEL", "SUPERMIN_MODULES", "SUPERMIN_KERNEL_VERSION"} {
		t.Setenv(name, "")
	}
	t.Setenv("VIRT_TOOLS_GUESTFSD", daemon)
	return root
}

func write(t *testing.T, root, name string, data []byte) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o755); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour) // so that a later change shows, however coarse the clock
	if err := os.Chtimes(file, past, past); err != nil {
		t.Fatal(err)
	}
}

// kernelImage is a bzImage with a version and nothing to unpack.
func kernelImage(version string) []byte {
	image := make([]byte, 4096)
	copy(image[0x1fe:], "\x55\xaa\xeb\x66HdrS\x0f\x02")
	binary.LittleEndian.PutUint16(image[0x20e:], 0x300)
	copy(image[0x500:], version+" (builder@host) #1 SMP\x00")
	return image
}

// executable is a static program of nothing.
func executable() []byte {
	h := make([]byte, 64)
	copy(h, elf.ELFMAG+"\x02\x01\x01")
	h[16], h[18], h[20], h[52] = byte(elf.ET_EXEC), byte(elf.EM_X86_64), 1, 64
	return h
}

// options are those for a host, with a fresh cache.
func options(t *testing.T, root string) *Options {
	t.Helper()
	return &Options{CacheDir: filepath.Join(t.TempDir(), "cache"), root: root, Log: func(format string, args ...any) {
		t.Logf("note: "+format, args...)
	}}
}

// names returns what is in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
