package daemon

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
)

// partTable is the partition table of a disk, GPT or MBR. Others are left to
// parted, which knows a dozen.
type partTable struct {
	kind       string // "gpt" or "msdos", as parted names them
	sectorSize int64
	sectors    int64       // length of the disk
	parts      []partition // in the order in which they lie on the disk
	diskID     string      // a GUID, or 0x and eight digits
	gpt        *gpt        // nil for MBR

	// odd is what parted would find wrong with the table, or nil. What is
	// readable is in the table all the same.
	odd error
}

// partition is an entry of a partition table.
type partition struct {
	num        int
	start, end int64 // sectors; end is the last one

	role    string // primary, extended or logical
	mbrType byte   // of MBR
	active  bool   // MBR's boot indicator

	typeGUID, guid string // of GPT, in capitals
	name           string
	attributes     uint64
}

var errNoTable = errors.New("neither GPT nor MBR")

// loadTable reads the partition table of a disk. For anything but GPT and MBR
// the error is errNoTable.
func loadTable(device string) (*partTable, error) {
	f, err := os.Open(device)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sectorSize, err := sectorSizeOf(f)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	return readTable(f, size, sectorSize)
}

// headSectors is how much of the disk the first look takes in: Amiga's table
// may start in any of them.
const headSectors = 16

// readTable finds the partition table in size bytes of r. It asks for GPT and
// MBR in the order in which parted does, and leaves to parted whatever another
// label or a filesystem may own.
func readTable(r io.ReaderAt, size, sectorSize int64) (*partTable, error) {
	t := &partTable{sectorSize: sectorSize, sectors: size / sectorSize}
	head := make([]byte, min(headSectors, t.sectors)*sectorSize)
	if len(head) < 512 {
		return nil, errNoTable
	}
	if err := readFull(r, head, 0); err != nil {
		return nil, err
	}
	if !hasMBRSignature(head) || hasForeignLabel(head, sectorSize) {
		return nil, errNoTable
	}
	var err error
	if isProtective(head) {
		err = t.readGPT(r)
	} else {
		err = t.readMBR(r, head)
	}
	if err != nil {
		return nil, err
	}
	t.sort()
	t.check()
	return t, nil
}

// readFull reads exactly len(p) bytes.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		return fmt.Errorf("read at byte %d: %w", off, io.ErrUnexpectedEOF)
	}
	return err
}

// hasForeignLabel tells whether the disk bears the mark of a label that goes
// before MBR: AIX, Amiga, BSD, SGI, Mac, or PC-98.
func hasForeignLabel(head []byte, sectorSize int64) bool {
	switch {
	case binary.BigEndian.Uint32(head) == 0xc9c2d4c1, // AIX: "IBMA" in EBCDIC
		binary.BigEndian.Uint32(head) == 0x0be5a941,         // SGI
		binary.LittleEndian.Uint32(head[64:]) == 0x82564557, // BSD
		binary.BigEndian.Uint16(head) == 0x4552:             // Mac: "ER"
		return true
	}
	for _, mark := range []string{"IPL1", "Linux 98", "GRUB/98 "} {
		if string(head[4:4+len(mark)]) == mark {
			return true
		}
	}
	for off := int64(0); off < int64(len(head)); off += sectorSize {
		if string(head[off:off+4]) == "RDSK" {
			return true
		}
	}
	return false
}

func (t *partTable) setOdd(format string, args ...any) {
	if t.odd == nil {
		t.odd = fmt.Errorf(format, args...)
	}
}

// check finds partitions that overlap or lie where none may be. The table is
// sorted.
func (t *partTable) check() {
	var extended *partition
	last := map[bool]*partition{} // the one that ends last; the key is: logical
	for i := range t.parts {
		p := &t.parts[i]
		logical := p.role == "logical"
		switch {
		case p.role == "extended" && extended != nil:
			t.setOdd("more than one extended partition")
		case p.role == "extended":
			extended = p
		case logical && (extended == nil || p.start <= extended.start || p.end > extended.end):
			t.setOdd("partition %d is not within the extended partition", p.num)
		}
		if p.start < 1 || p.end < p.start || p.end >= t.sectors {
			t.setOdd("partition %d is not within the disk", p.num)
		}
		if before := last[logical]; before != nil && p.start <= before.end {
			t.setOdd("partitions %d and %d overlap", before.num, p.num)
		}
		if before := last[logical]; before == nil || p.end > before.end {
			last[logical] = p
		}
	}
}

// sort puts the partitions in the order of parted: by start, the logical ones
// after the extended one.
func (t *partTable) sort() {
	extended := int64(0)
	for _, p := range t.parts {
		if p.role == "extended" {
			extended = p.start
			break
		}
	}
	place := func(p partition) (start int64, inner int) {
		if p.role == "logical" {
			return extended, 1
		}
		return p.start, 0
	}
	slices.SortStableFunc(t.parts, func(a, b partition) int {
		aStart, aInner := place(a)
		bStart, bInner := place(b)
		return cmp.Or(cmp.Compare(aStart, bStart), cmp.Compare(aInner, bInner), cmp.Compare(a.start, b.start))
	})
}

// find returns the partition with a number.
func (t *partTable) find(num int) (*partition, error) {
	if num < 1 {
		return nil, errPartNum
	}
	for i := range t.parts {
		if t.parts[i].num == num {
			return &t.parts[i], nil
		}
	}
	return nil, withErrno(syscall.ENOENT, "partition number %d not found", num)
}

var errPartNum = withErrno(syscall.EINVAL, "partition number must be >= 1")

// bootable tells what parted's flags with "boot" in their name tell.
func (t *partTable) bootable(p *partition) bool {
	const (
		typeESP      = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
		typeBLSBoot  = "BC13C2FF-59E6-4262-A352-B275FD6F7172"
		mbrBLSBoot   = 0xea
		attrBIOSBoot = 1 << 2
	)
	if t.gpt != nil {
		return p.typeGUID == typeESP || p.typeGUID == typeBLSBoot || p.attributes&attrBIOSBoot != 0
	}
	return p.active || p.mbrType == mbrBLSBoot
}
