package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// create makes a database with the shell of SQLite.
func create(t testing.TB, sql string) (file, log *io.SectionReader) {
	t.Helper()
	if _, err := exec.LookPath("sqlite3"); err != nil && os.Getenv("CI") == "" {
		t.Skip("sqlite3 is not installed")
	}
	name := filepath.Join(t.TempDir(), "db")
	cmd := exec.Command("sqlite3", name)
	cmd.Stdin = strings.NewReader("PRAGMA synchronous=OFF;\n" + sql)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sqlite3: %v: %s", err, out)
	}
	read := func(name string) *io.SectionReader {
		b, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			t.Fatal(err)
		}
		return section(b)
	}
	return read(name), read(name + "-wal")
}

func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

// rows gives each row of a table as its number and the length and sum of its
// second column.
func rows(file, log *io.SectionReader, table string) (list []string, err error) {
	db, err := Open(file, log)
	if err != nil {
		return nil, err
	}
	err = db.Scan(table, func(r *Row) bool {
		content, size, err := r.Column(1)
		var b []byte
		if err == nil {
			b, err = io.ReadAll(io.LimitReader(content, 1<<20))
		}
		sum := 0
		for i, c := range b {
			sum = (sum + (i+1)*int(c)) % 1000003
		}
		if err == nil && len(b) != int(size) {
			err = fmt.Errorf("%d bytes of %d", len(b), size)
		}
		list = append(list, fmt.Sprint(r.ID, " ", len(b), " ", sum, " ", err))
		return true
	})
	return list, err
}

// Rows of all lengths around those where overflow pages begin, in a table that
// has interior pages, at several sizes of pages and with bytes reserved.
func TestScan(t *testing.T) {
	for _, page := range []int{512, 1024, 4096, 65536} {
		t.Run(fmt.Sprint(page), func(t *testing.T) {
			sql := fmt.Sprintf(".filectrl reserve_bytes 20\nPRAGMA page_size=%d; VACUUM;\n", page) +
				"CREATE TABLE other (x); CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL); BEGIN;\n"
			var want []string
			for i := range 700 {
				n := i
				if i >= 600 {
					n = (i - 600) * page / min(60, page/50)
				}
				b := make([]byte, n)
				sum := 0
				for k := range b {
					b[k] = byte(k*7 + i)
					sum = (sum + (k+1)*int(b[k])) % 1000003
				}
				sql += fmt.Sprintf("INSERT INTO Packages VALUES (%d, X'%x');\n", i*3, b)
				want = append(want, fmt.Sprint(i*3, " ", n, " ", sum, " <nil>"))
			}
			file, _ := create(t, sql+"COMMIT;")
			got, err := rows(file, nil, "packages")
			if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%d rows, %v; want %d", len(got), err, len(want))
			}
			if _, err := rows(file, nil, "none"); !errors.Is(err, ErrNoTable) {
				t.Errorf("a table that is not there: %v", err)
			}
			if got, err := rows(file, nil, "other"); len(got) != 0 || err != nil {
				t.Errorf("an empty table: %q, %v", got, err)
			}
		})
	}
}

const logged = "PRAGMA journal_mode=WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, x); INSERT INTO t VALUES (1, 'one'), (2, 'two');\n" +
	"PRAGMA wal_checkpoint(TRUNCATE);\n.dbconfig no_ckpt_on_close on\n" +
	"INSERT INTO t VALUES (3, 'three'); DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (4, 'four');\n"

// A log beside the file has what was committed last.
func TestLog(t *testing.T) {
	file, log := create(t, logged)
	if log == nil || log.Size() < 3*4096 {
		t.Fatal("sqlite3 left no log")
	}
	const one, two, three, four = "1 3 634 <nil>", "2 3 687 <nil>", "3 5 1575 <nil>", "4 4 1131 <nil>"
	content, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		b := bytes.Clone(content)
		b[at] ^= 1
		return b
	}
	const frame = frameHeader + 4096
	for _, test := range []struct {
		name string
		log  []byte
		want []string
	}{
		{"whole", content, []string{two, three, four}},
		{"without the last transaction", content[:logHeader+2*frame], []string{two, three}},
		{"broken off", content[:logHeader+3*frame-1], []string{two, three}},
		{"a page that is wrong", flip(logHeader + 2*frame + 100), []string{two, three}},
		{"another salt", flip(logHeader + frame + 8), []string{one, two, three}},
		{"another checksum of the header", flip(24), []string{one, two}},
		{"no log", []byte("x"), []string{one, two}},
		{"empty", nil, []string{one, two}},
	} {
		got, err := rows(file, section(test.log), "t")
		if err != nil || strings.Join(got, ";") != strings.Join(test.want, ";") {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}

func TestNotDatabase(t *testing.T) {
	for _, b := range [][]byte{nil, []byte(magic), make([]byte, 4096), bytes.Repeat([]byte("rubbish "), 1000)} {
		if _, err := Open(section(b), nil); !errors.Is(err, ErrNotDatabase) {
			t.Errorf("Open of %d bytes = %v; want ErrNotDatabase", len(b), err)
		}
	}
	b := make([]byte, 4096)
	copy(b, magic)
	if _, err := Open(section(b), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open with pages of 0 bytes = %v; want ErrDamaged", err)
	}
}

// small is a database of two levels and overflow pages.
func small(t testing.TB) []byte {
	sql := "PRAGMA page_size=512; CREATE TABLE t (id INTEGER PRIMARY KEY, x); BEGIN;\n"
	for i := range 40 {
		sql += fmt.Sprintf("INSERT INTO t VALUES (%d, zeroblob(%d));\n", i, i*60)
	}
	file, _ := create(t, sql+"COMMIT;")
	b, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A tree that leads back into itself, and rows whose overflow pages do.
func TestCycle(t *testing.T) {
	good := small(t)
	whole, err := rows(section(good), nil, "t")
	if err != nil || len(whole) != 40 {
		t.Fatalf("%d rows, %v", len(whole), err)
	}
	for page := 1; page < len(good)/512; page++ {
		b := bytes.Clone(good)
		for at := range 512 { // all that may be a reference leads to page 2
			if at%4 == 0 {
				copy(b[page*512+at:], []byte{0, 0, 0, 2})
			}
		}
		if got, _ := rows(section(b), nil, "t"); len(got) > 1000 {
			t.Errorf("%d rows with a bad page %d", len(got), page)
		}
	}
	// The tree's first page as its own child.
	b := bytes.Clone(good)
	root := b[512:1024]
	if root[0] != interior {
		t.Fatalf("page 2 is of kind %d", root[0])
	}
	copy(root[8:], []byte{0, 0, 0, 2})
	got, err := rows(section(b), nil, "t")
	if !errors.Is(err, ErrDamaged) || len(got) == 0 || len(got) >= 40 {
		t.Errorf("%d rows, %v; want some and ErrDamaged", len(got), err)
	}
}

// TestDamage does to a database what a bad disk might: most rows are left.
func TestDamage(t *testing.T) {
	good := small(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	total := 0
	for range 500 {
		b := bytes.Clone(good)
		for range 3 {
			b[100+rnd.IntN(len(b)-100)] ^= 1 << rnd.IntN(8)
		}
		got, _ := rows(section(b), nil, "t")
		total += len(got)
		rows(section(b[:rnd.IntN(len(b))]), nil, "t")
	}
	if total < 500*30 {
		t.Errorf("%d rows; want most of %d", total, 500*40)
	}
}

func FuzzScan(f *testing.F) {
	f.Add(small(f), []byte(nil))
	file, log := create(f, logged)
	b, err := io.ReadAll(file)
	if err != nil {
		f.Fatal(err)
	}
	l, err := io.ReadAll(log)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, l)
	f.Fuzz(func(t *testing.T, file, log []byte) {
		rows(section(file), section(log), "t")
	})
}
