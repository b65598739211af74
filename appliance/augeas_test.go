package appliance

import (
	"archive/tar"
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// augeasArchive is an archive like that of scripts/augeas.sh, or the start of
// it with something else behind.
func augeasArchive(t *testing.T, behind string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		mode int64
	}{{"usr/sbin/guestaug", 0o755}, {"usr/share/augeas/lenses/hosts.aug", 0o644}} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: 4, Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("text")); err != nil {
			t.Fatal(err)
		}
	}
	if behind == "" {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	b.WriteString(behind)
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return enc.EncodeAll(b.Bytes(), nil)
}

func TestAugeas(t *testing.T) {
	for _, tt := range []struct {
		name    string
		archive []byte
		there   bool
		err     string
	}{
		{"there", augeasArchive(t, ""), true, ""},
		{"built without", nil, false, ""},
		{"damaged", augeasArchive(t, strings.Repeat("x", 1024)), false, "embedded augeas"},
		{"not packed", []byte("text"), false, "embedded augeas"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := newRequest(options(t, newHost(t)))
			if err != nil {
				t.Fatal(err)
			}
			b := newBuilder(nil, r, t.Logf)
			b.augeas = tt.archive
			tree, err := newTree(b.set)
			if err != nil {
				t.Fatal(err)
			}
			inside := contents{Features: map[string]bool{}}
			err = b.addAugeas(tree, &inside)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v; want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			program, lens := tree.nodes["/usr/sbin/guestaug"], tree.nodes["/usr/share/augeas/lenses/hosts.aug"]
			if there := program.mode&0o777 == 0o755 && lens.mode&0o777 == 0o644; there != tt.there || inside.Features["augeas"] != tt.there {
				t.Errorf("program %o, lens %o, feature %v; want %v", program.mode, lens.mode, inside.Features["augeas"], tt.there)
			}
			if missing := len(inside.Missing) == 1 && inside.Missing[0] == "guestaug"; missing == tt.there {
				t.Errorf("missing: %v", inside.Missing)
			}
		})
	}
}

// TestAugeasEmbedded has make build it wherever CI runs.
func TestAugeasEmbedded(t *testing.T) {
	if embeddedAugeas() == nil && os.Getenv("CI") != "" {
		t.Error("make built no augeas.tar.zst")
	}
}
