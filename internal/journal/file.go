package journal

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"sort"

	"github.com/klauspost/compress/zstd"
)

// A file is a header and objects, at multiples of 8 bytes, in little endian.
// The header leads to a chain of arrays of the offsets of the entries; an
// entry holds the offsets of its fields, each of which is stored once. See
// JOURNAL_FILE_FORMAT of systemd.
const (
	signature     = "LPKSHHRH"
	headerMin     = 208
	objectHeader  = 16 // type, flags, 6 bytes, size (64 bits)
	arrayHeader   = 24
	entryHeader   = 64
	dataHeader    = 64
	compactData   = 72
	objectData    = 1
	objectEntry   = 3
	objectArray   = 6
	maxArrays     = 4096 // each is twice as long as the one before
	maxItems      = 16384
	maxObjectSize = 1 << 40
)

// Incompatible flags of the header.
const (
	flagXZ = 1 << iota
	flagLZ4
	flagKeyedHash // concerns hashes, which are for writers and matching
	flagZstd
	flagCompact // offsets have 32 bits
	flagsKnown  = 1<<iota - 1
)

// Entry is what an entry has besides its fields.
type Entry struct {
	Realtime  uint64 // microseconds since 1970
	Monotonic uint64 // microseconds since the boot
	Seqnum    uint64
	SeqnumID  [16]byte
	BootID    [16]byte
	xor       uint64
}

// Cursor is the text by which journalctl knows the entry.
func (e *Entry) Cursor() string {
	return fmt.Sprintf("s=%x;i=%x;b=%x;m=%x;t=%x;x=%x", e.SeqnumID, e.Seqnum, e.BootID, e.Monotonic, e.Realtime, e.xor)
}

type entryObject struct {
	Entry
	at    uint64
	items int
}

// array is a part of the list of entries: those from number first on.
type array struct {
	at    uint64
	first int
	count int
}

type file struct {
	name     string
	r        io.ReaderAt
	closer   io.Closer
	size     uint64
	flags    uint32
	seqnumID [16]byte
	entries  uint64 // that the header counts
	arrayAt  uint64
	arrays   []array
	count    int // entries in the arrays
	note     func(error)
	zstd     *zstd.Decoder // nil until the first field needs it

	place     int // the entry of this number comes next
	candidate entryObject
	loaded    int // number of the candidate, or -1
}

func openFile(fsys fs.FS, name string) (*file, error) {
	st, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	o, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, closer: o, size: uint64(max(0, st.Size())), loaded: -1}
	if err := f.readHeader(o); err != nil {
		o.Close()
		return nil, err
	}
	return f, nil
}

func (f *file) close() error {
	if f.zstd != nil {
		f.zstd.Close()
	}
	return f.closer.Close()
}

func (f *file) readHeader(o fs.File) error {
	var ok bool
	if f.r, ok = o.(io.ReaderAt); !ok {
		return fmt.Errorf("%s: cannot be read at an offset", f.name)
	}
	var h [headerMin]byte
	if err := f.read(h[:], 0); err != nil {
		return err
	}
	if string(h[:8]) != signature {
		return fmt.Errorf("%s: not a journal: %w", f.name, ErrDamaged)
	}
	f.flags = binary.LittleEndian.Uint32(h[12:])
	if unknown := f.flags &^ flagsKnown; unknown != 0 {
		return fmt.Errorf("%s: the journal has features that are not known (%#x)", f.name, unknown)
	}
	copy(f.seqnumID[:], h[72:])
	f.entries, f.arrayAt = binary.LittleEndian.Uint64(h[152:]), binary.LittleEndian.Uint64(h[176:])
	return nil
}

// index reads the chain of arrays. Each is behind the one before, so the chain
// ends.
func (f *file) index() {
	for at := f.arrayAt; at != 0 && uint64(f.count) < f.entries; {
		var h [arrayHeader]byte
		size, err := f.object(at, objectArray, h[:])
		if err == nil && len(f.arrays) == maxArrays {
			err = f.damaged(at, "the list of entries has more than %d parts", maxArrays)
		}
		if err != nil {
			f.note(err)
			return
		}
		// The last array of a file that was cut off reaches beyond its end.
		present := min(size, f.size-at)
		n := min((present-arrayHeader)/f.itemSize(), f.entries-uint64(f.count))
		f.arrays = append(f.arrays, array{at: at, first: f.count, count: int(n)})
		f.count += int(n)
		if size > present && uint64(f.count) < f.entries {
			f.note(f.damaged(at, "the list of entries goes beyond the end of the file"))
			return
		}
		next := binary.LittleEndian.Uint64(h[16:])
		if next != 0 && next < at+size {
			f.note(f.damaged(at, "the list of entries leads back to %#x", next))
			return
		}
		at = next
	}
}

// readEntry reads entry number i. When the list has fewer, the count becomes
// what it has.
func (f *file) readEntry(i int, e *entryObject) bool {
	n := sort.Search(len(f.arrays), func(n int) bool { return f.arrays[n].first > i }) - 1
	a := f.arrays[n]
	at, err := f.item(a.at+arrayHeader+uint64(i-a.first)*f.itemSize(), f.itemSize())
	if err != nil {
		f.note(err)
		f.count = i
		return false
	}
	if at == 0 {
		f.count = i
		return false
	}
	var h [entryHeader]byte
	size, err := f.object(at, objectEntry, h[:])
	if err != nil {
		f.note(err)
		return false
	}
	*e = entryObject{at: at}
	e.items = int(min((size-entryHeader)/f.entryItemSize(), maxItems))
	e.SeqnumID = f.seqnumID
	e.Seqnum = binary.LittleEndian.Uint64(h[16:])
	e.Realtime = binary.LittleEndian.Uint64(h[24:])
	e.Monotonic = binary.LittleEndian.Uint64(h[32:])
	copy(e.BootID[:], h[40:])
	e.xor = binary.LittleEndian.Uint64(h[56:])
	return true
}

// items gives the offsets of an entry's fields.
func (f *file) items(e *entryObject) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i := range e.items {
			at, err := f.item(e.at+entryHeader+uint64(i)*f.entryItemSize(), f.itemSize())
			if err != nil {
				f.note(err)
				return
			}
			if !yield(at) {
				return
			}
		}
	}
}

func (f *file) compact() bool { return f.flags&flagCompact != 0 }

// itemSize is that of an offset in an array.
func (f *file) itemSize() uint64 {
	if f.compact() {
		return 4
	}
	return 8
}

// entryItemSize is that of a field in an entry: an offset and, unless the file
// is compact, a hash.
func (f *file) entryItemSize() uint64 {
	if f.compact() {
		return 4
	}
	return 16
}

func (f *file) item(at, size uint64) (uint64, error) {
	var b [8]byte
	err := f.read(b[:size], at)
	return binary.LittleEndian.Uint64(b[:]), err
}

// object reads the start of an object of a type and gives its size, which is
// at least that start, and may be more than there is of the file.
func (f *file) object(at uint64, kind byte, start []byte) (uint64, error) {
	if at%8 != 0 || at < headerMin {
		return 0, f.damaged(at, "no object can be there")
	}
	if err := f.read(start, at); err != nil {
		return 0, err
	}
	if start[0] != kind {
		return 0, f.damaged(at, "the object is of type %d; must be %d", start[0], kind)
	}
	size := binary.LittleEndian.Uint64(start[8:])
	if size < uint64(len(start)) || size > maxObjectSize {
		return 0, f.damaged(at, "the object has %d bytes", size)
	}
	return size, nil
}

func (f *file) read(b []byte, at uint64) error {
	if at > f.size || uint64(len(b)) > f.size-at {
		return f.damaged(at, "beyond the end of the file")
	}
	if n, err := f.r.ReadAt(b, int64(at)); n < len(b) {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

func (f *file) damaged(at uint64, format string, args ...any) error {
	return fmt.Errorf("%s: offset %#x: %s: %w", f.name, at, fmt.Sprintf(format, args...), ErrDamaged)
}
