package decompress

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os/exec"
	"testing"
)

// text is something like a kernel: half of it compresses well, and there are plenty of x86 calls.
func text(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]byte, size)
	for i := 0; i < size; i++ {
		switch r.IntN(8) {
		case 0:
			out[i] = byte(r.Uint32())
		case 1:
			out[i] = 0xe8 + byte(r.IntN(2))
		case 2:
			out[i] = 0xff
		}
	}
	return out
}

// compressed runs a compression program.
func compressed(t *testing.T, plain []byte, argv ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(argv[0]); err != nil {
		t.Fatalf("%s is not installed", argv[0])
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = bytes.NewReader(plain)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", argv, err)
	}
	return out
}

// The programs are called as the kernel's build calls them.
var programs = map[string][]string{
	"gzip":             {"gzip", "-n", "-9"},
	"bzip2":            {"bzip2", "-9"},
	"lzma":             {"lzma", "-9"},
	"xz":               {"xz", "--check=crc32", "--lzma2=dict=1MiB"},
	"xz x86":           {"xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB"},
	"xz x86 start":     {"xz", "--check=crc32", "--x86=start=4096", "--lzma2=dict=1MiB"},
	"xz crc64":         {"xz", "-6"},
	"xz sha256":        {"xz", "--check=sha256"},
	"xz no check":      {"xz", "--check=none"},
	"xz blocks":        {"xz", "--check=crc32", "--block-size=30000"},
	"xz threads":       {"xz", "-T2", "--block-size=30000"},
	"zstd":             {"zstd", "-q", "-c", "-19"},
	"zstd long window": {"zstd", "-q", "-c", "--ultra", "-22", "--long=27"},
	"lz4":              {"lz4", "-q", "-l", "-c1"},
}

func TestAll(t *testing.T) {
	for name, argv := range programs {
		t.Run(name, func(t *testing.T) {
			sizes := []int{1, 100, 4096, 100_000}
			if name == "lz4" {
				sizes = append(sizes, lz4Block, lz4Block+1)
			}
			for _, size := range sizes {
				plain := text(size)
				data := compressed(t, plain, argv...)
				if name != "zstd" && name != "zstd long window" && name != "bzip2" && name != "lz4" && name != "lzma" {
					data = append(data, 1, 2, 3, 4) // as a kernel's payload is followed by its size
				}
				got, err := All(data, int64(size))
				if err != nil {
					t.Fatalf("All(%d bytes): %v", size, err)
				}
				if !bytes.Equal(got, plain) {
					t.Fatalf("All(%d bytes) gave something else", size)
				}
				if _, err := All(data, int64(size)-1); !errors.Is(err, errTooLarge) && err == nil {
					t.Errorf("All(%d bytes) gave more than it may", size)
				}
			}
		})
	}
}

// Anything cut short or damaged is an error or at least no other data of the full size.
func TestDamaged(t *testing.T) {
	plain := text(50_000)
	for name, argv := range programs {
		t.Run(name, func(t *testing.T) {
			data := compressed(t, plain, argv...)
			for cut := 0; cut < len(data); cut += len(data)/50 + 1 {
				if got, err := All(data[:cut], 1<<20); err == nil && len(got) == len(plain) && !bytes.Equal(got, plain) {
					t.Errorf("cut at %d: wrong data", cut)
				}
			}
		})
	}
	if _, err := All([]byte("no compression"), 1<<20); err == nil {
		t.Error("All took what is not compressed")
	}
}

func FuzzAll(f *testing.F) {
	for _, format := range formats {
		f.Add([]byte(format.magic + "\x00\x01\x02\x03\x04\x05\x06\x07"))
	}
	f.Add([]byte("\xfd7zXZ\x00\x00\x01\x69\x22\xde\x36\x02\x01\x04\x00\x21\x01\x1a\x00\x01\xc9\x80\xb3\xff\xff\x51\x01\xee\x5d\x00\x3f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 16
		if out, err := All(data, limit); err == nil && len(out) > limit {
			t.Fatalf("%d bytes, %d allowed", len(out), limit)
		}
	})
}
