package rpmdb

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tag is an entry of a header that a test writes: texts or a number.
type tag struct {
	tag, typ uint32
	texts    []string
	number   uint32
}

// header writes a header.
func header(tags ...tag) []byte {
	be := binary.BigEndian
	var index, data []byte
	for _, t := range tags {
		count := uint32(max(1, len(t.texts)))
		if t.texts == nil {
			for len(data)%4 != 0 {
				data = append(data, 0)
			}
		}
		for _, v := range []uint32{t.tag, t.typ, uint32(len(data)), count} {
			index = be.AppendUint32(index, v)
		}
		for _, text := range t.texts {
			data = append(data, text+"\x00"...)
		}
		if t.texts == nil {
			data = be.AppendUint32(data, t.number)
		}
	}
	b := be.AppendUint32(nil, uint32(len(tags)))
	b = be.AppendUint32(b, uint32(len(data)))
	return append(append(b, index...), data...)
}

// files is a tag that makes a header long.
func files(n int) tag {
	names := []string{}
	for i := range n {
		names = append(names, fmt.Sprintf("file-number-%d", i))
	}
	return tag{tag: 1117, typ: typeTexts, texts: names}
}

// demo is a set of packages: short and long, with and without each field.
func demo() (headers [][]byte, want []Package) {
	headers = [][]byte{
		header(tag{1000, typeText, []string{"bash"}, 0}, tag{1001, typeText, []string{"5.1.8"}, 0}, tag{1002, typeText, []string{"6.el9"}, 0},
			tag{1003, typeInt32, nil, 2}, tag{1004, typeI18N, []string{"A shell", "Eine Shell"}, 0}, tag{1005, typeI18N, []string{"First.\n\nSecond, ünïcode.", "x"}, 0},
			tag{1020, typeText, []string{"https://www.gnu.org/software/bash"}, 0}, tag{1022, typeText, []string{"x86_64"}, 0}),
		header(tag{1000, typeText, []string{"gpg-pubkey"}, 0}, tag{1001, typeText, []string{"fd431d51"}, 0}, tag{1002, typeText, []string{"4ae0493b"}, 0}),
	}
	want = []Package{
		{"bash", "5.1.8", "6.el9", 2, "x86_64", "https://www.gnu.org/software/bash", "A shell", "First.\n\nSecond, ünïcode."},
		{Name: "gpg-pubkey", Version: "fd431d51", Release: "4ae0493b"},
	}
	for i := range 60 {
		name := fmt.Sprintf("package%d", i)
		headers = append(headers, header(tag{1000, typeText, []string{name}, 0}, tag{1001, typeText, []string{"1"}, 0}, tag{1002, typeText, []string{"2"}, 0},
			tag{1022, typeText, []string{"noarch"}, 0}, files(i*i+1)))
		want = append(want, Package{Name: name, Version: "1", Release: "2", Arch: "noarch"})
	}
	return headers, want
}

// list reads a database, with its packages in the order of their names.
func list(db []byte) (list []Package, damage []error) {
	f := io.NewSectionReader(bytes.NewReader(db), 0, int64(len(db)))
	list = slices.Collect(Packages(f, nil, func(err error) { damage = append(damage, err) }))
	slices.SortFunc(list, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	return list, damage
}

// tool runs a program on a new file and returns what is then in it.
func tool(t testing.TB, stdin string, file string, argv ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(argv[0]); err != nil && os.Getenv("CI") == "" {
		t.Skip(argv[0] + " is not installed")
	}
	cmd := exec.Command(argv[0], append(argv[1:], file)...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", argv[0], err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The three kinds of databases. RPM's own number their packages from 1.
func makeSQLite(t testing.TB, dir string, headers [][]byte) []byte {
	sql := "PRAGMA synchronous=OFF; CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL); BEGIN;\n"
	for i, h := range headers {
		sql += fmt.Sprintf("INSERT INTO Packages VALUES (%d, X'%x');\n", i+1, h)
	}
	return tool(t, sql+"COMMIT;", filepath.Join(dir, "rpmdb.sqlite"), "sqlite3")
}

func makeHash(t testing.TB, dir string, headers [][]byte, bigEndian bool) []byte {
	order, option := binary.AppendByteOrder(binary.LittleEndian), "db_lorder=1234"
	if bigEndian {
		order, option = binary.BigEndian, "db_lorder=4321"
	}
	text := "VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=512\n" + option + "\nHEADER=END\n"
	text += fmt.Sprintf(" 00000000\n %x\n", order.AppendUint32(nil, uint32(len(headers))))
	for i, h := range headers {
		text += fmt.Sprintf(" %x\n %x\n", order.AppendUint32(nil, uint32(i+1)), h)
	}
	return tool(t, text+"DATA=END\n", filepath.Join(dir, "Packages"), "db_load")
}

func makeNDB(headers [][]byte) []byte {
	le := binary.LittleEndian
	b := make([]byte, slotPage)
	copy(b, ndbMagic)
	le.PutUint32(b[12:], 1)
	le.PutUint32(b[16:], uint32(len(headers)+1))
	for at := ndbHeader; at < slotPage; at += slotBytes {
		copy(b[at:], slotMagic)
	}
	for i, h := range headers {
		number, at := uint32(i+1), ndbHeader+slotBytes*(i+1) // the first slot is free
		const tail = 12
		blocks := (blobHeader + len(h) + tail + blockBytes - 1) / blockBytes
		le.PutUint32(b[at+4:], number)
		le.PutUint32(b[at+8:], uint32(len(b)/blockBytes))
		le.PutUint32(b[at+12:], uint32(blocks))
		blob := make([]byte, blocks*blockBytes)
		copy(blob, blobMagic)
		le.PutUint32(blob[4:], number)
		le.PutUint32(blob[12:], uint32(len(h)))
		copy(blob[blobHeader:], h)
		copy(blob[len(blob)-4:], "BlbE")
		b = append(b, blob...)
	}
	return b
}

// databases makes one of each kind, and tells what RPM calls it.
func databases(t testing.TB, headers [][]byte) map[string][]byte {
	return map[string][]byte{
		"sqlite": makeSQLite(t, t.TempDir(), headers),
		"bdb_ro": makeHash(t, t.TempDir(), headers, false),
		"bdb_be": makeHash(t, t.TempDir(), headers, true),
		"ndb":    makeNDB(headers),
	}
}

func TestPackages(t *testing.T) {
	headers, want := demo()
	slices.SortFunc(want, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	for kind, db := range databases(t, headers) {
		t.Run(kind, func(t *testing.T) {
			got, damage := list(db)
			if d := cmp.Diff(want, got); d != "" || damage != nil {
				t.Errorf("damage %v, -want +got:\n%s", damage, d)
			}
			n := 0
			for range Packages(io.NewSectionReader(bytes.NewReader(db), 0, int64(len(db))), nil, func(err error) { t.Error(err) }) {
				if n++; n == 3 {
					break
				}
			}
			if n != 3 {
				t.Errorf("%d packages; want the three that were asked for", n)
			}
		})
	}
}

// RPM itself reads the same from the databases it knows in Debian.
func TestAgainstRPM(t *testing.T) {
	if _, err := exec.LookPath("rpm"); err != nil && os.Getenv("CI") == "" {
		t.Skip("rpm is not installed")
	}
	headers, _ := demo()
	for kind, write := range map[string]func(dir string) []byte{
		"sqlite": func(dir string) []byte {
			// Its other tables are RPM's to make.
			if out, err := exec.Command("rpm", "--define", "_db_backend sqlite", "--dbpath", dir, "--initdb").CombinedOutput(); err != nil {
				t.Fatalf("rpm --initdb: %v: %s", err, out)
			}
			return makeSQLite(t, dir, headers)
		},
		"bdb_ro": func(dir string) []byte { return makeHash(t, dir, headers, false) },
	} {
		dir := t.TempDir()
		packages, damage := list(write(dir))
		if damage != nil {
			t.Errorf("%s: %v", kind, damage)
		}
		var got []string
		for _, p := range packages {
			got = append(got, fmt.Sprintf("%s|%d|%s|%s|%s|%s|%s|%s", p.Name, p.Epoch, p.Version, p.Release, p.Arch, p.URL, p.Summary, p.Description))
		}
		const format = "%{NAME}|%|EPOCH?{%{EPOCH}}:{0}||%{VERSION}|%{RELEASE}|%|ARCH?{%{ARCH}}||%|URL?{%{URL}}||%|SUMMARY?{%{SUMMARY}}||%|DESCRIPTION?{%{DESCRIPTION}}|@\\n"
		cmd := exec.Command("rpm", "--define", "_db_backend "+kind, "--dbpath", dir, "--nodigest", "--nosignature", "-qa", "--qf", format)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		out, err := cmd.Output() // it warns of indexes that are not there
		if err != nil {
			t.Fatalf("rpm: %v: %s", err, out)
		}
		want := strings.Split(strings.TrimSuffix(string(out), "@\n"), "@\n")
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -rpm +ours:\n%s", kind, d)
		}
	}
}

var update = flag.Bool("update", false, "write testdata/two.ndb.gz")

// The tests of other packages have a database of two packages.
func TestFixture(t *testing.T) {
	const file = "testdata/two.ndb.gz"
	headers, _ := demo()
	want := makeNDB(headers[:2])
	if *update {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(want); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Close(), os.WriteFile(file, b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what this test writes (%v); go test -update writes it", file, err)
	}
}
