// Package grubcore reads and changes what GRUB 2 has before the filesystem it
// reads its files from, on a disk that BIOS boots.
//
//	core, err := grubcore.Read(disk)
//	writes, err := core.Replace(newData) // of the same length
//
// Where there are LVM or RAID below /boot, that is where GRUB keeps the UUIDs it
// looks for, and nowhere else. On the disk it is
//
//	sector 0        boot.img, which names the sector that follows
//	first sector    diskboot.img, with a list of the sectors that follow
//	others          a decompressor; GRUB and its modules, packed by LZMA; and
//	                codes by which the decompressor mends damage
//
// The codes are given up when something is changed, as grub-bios-setup does
// when it is called with --no-rs-codes. Lists of several pieces, as older
// versions wrote on filesystems, are not changed.
package grubcore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// Errors that callers tell apart.
var (
	ErrNone   = errors.New("no GRUB in the first sector")
	ErrFormat = errors.New("GRUB of an unknown form")
)

const (
	sector      = 512
	bootCode    = 440  // bytes of sector 0 that are the boot loader's
	kernelAt    = 0x5c // in boot.img: the sector of diskboot.img
	entryBytes  = 12   // of diskboot.img's list, which grows down from its end
	maxSectors  = 2048
	maxData     = 4 << 20
	maxDecoder  = 9<<10 - 0x200 // GRUB's own limit for the decompressor
	packedAt    = 0x08          // in the decompressor: bytes that are packed,
	unpackedAt  = 0x0c          // what they become,
	codesAt     = 0x10          // and bytes of codes
	lzmaHeader  = 13
	lzmaDict    = 1 << 16
	properties  = 0x5d // lc 3, lp 0, pb 2: GRUB knows no others
	leastPacked = 5
)

var le = binary.LittleEndian

// Core is what was found.
type Core struct {
	Data []byte // unpacked: GRUB, its modules, and where its files are

	image  []byte // the sectors after diskboot.img
	at     int64  // of them on the disk
	packed int    // where the packed data begin in image
}

// Write is what is to be written at a byte of the disk.
type Write struct {
	At   int64
	Data []byte
}

// Read finds GRUB on a disk.
func Read(disk io.ReaderAt) (*Core, error) {
	boot := make([]byte, sector)
	if _, err := disk.ReadAt(boot, 0); err != nil {
		return nil, notEOF(err)
	}
	if !bytes.Contains(boot[:bootCode], []byte("GRUB \x00")) || boot[510] != 0x55 || boot[511] != 0xaa {
		return nil, ErrNone
	}
	first := le.Uint64(boot[kernelAt:])
	if first == 0 || first >= 1<<52 {
		return nil, fmt.Errorf("%w: it goes on at sector %d", ErrFormat, first)
	}
	list := make([]byte, sector)
	if _, err := disk.ReadAt(list, int64(first)*sector); err != nil {
		return nil, notEOF(err)
	}
	entry := list[sector-entryBytes:]
	start, count := le.Uint64(entry), int(le.Uint16(entry[8:]))
	if more := list[sector-2*entryBytes:]; le.Uint16(more[8:]) != 0 {
		return nil, fmt.Errorf("%w: it lies in several pieces", ErrFormat)
	}
	if start == 0 || start >= 1<<52 || count == 0 || count > maxSectors {
		return nil, fmt.Errorf("%w: %d sectors from %d", ErrFormat, count, start)
	}
	c := &Core{image: make([]byte, count*sector), at: int64(start) * sector}
	if _, err := disk.ReadAt(c.image, c.at); err != nil {
		return nil, notEOF(err)
	}
	return c, c.unpack()
}

func notEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unpack looks for the packed data. The decompressor does not tell its own size:
// the place is right from which all can be unpacked.
func (c *Core) unpack() error {
	packed, size := le.Uint32(c.image[packedAt:]), le.Uint32(c.image[unpackedAt:])
	if packed < leastPacked || int(packed) > len(c.image) || size < packed || size > maxData {
		return fmt.Errorf("%w: %d bytes packed in %d", ErrFormat, size, packed)
	}
	for at := sector; at <= min(maxDecoder, len(c.image)-int(packed)); at++ {
		if c.image[at] != 0 { // with which the coder always begins
			continue
		}
		data, err := unlzma(c.image[at:at+int(packed)], int(size))
		if err == nil {
			c.Data, c.packed = data, at
			return nil
		}
	}
	return fmt.Errorf("%w: it cannot be unpacked", ErrFormat)
}

func unlzma(b []byte, size int) ([]byte, error) {
	head := append([]byte{properties}, le.AppendUint32(nil, lzmaDict)...)
	head = le.AppendUint64(head, uint64(size))
	r, err := lzma.NewReader(io.MultiReader(bytes.NewReader(head), bytes.NewReader(b)))
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	_, err = io.ReadFull(r, data)
	return data, err
}

// Replace returns what is to be written so that data are in the place of Data.
// Their length must be the same.
func (c *Core) Replace(data []byte) ([]Write, error) {
	if len(data) != len(c.Data) {
		return nil, fmt.Errorf("%d bytes in the place of %d", len(data), len(c.Data))
	}
	var b bytes.Buffer
	w, err := lzma.WriterConfig{
		Properties: &lzma.Properties{LC: 3, LP: 0, PB: 2}, DictCap: lzmaDict, Size: int64(len(data)), SizeInHeader: true, Matcher: lzma.BinaryTree,
	}.NewWriter(&b)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	packed := b.Bytes()[lzmaHeader:]
	image := bytes.Clone(c.image)
	if room := len(image) - c.packed; len(packed) > room {
		return nil, fmt.Errorf("%d bytes do not fit into %d", len(packed), room)
	}
	clear(image[c.packed:])
	copy(image[c.packed:], packed)
	le.PutUint32(image[packedAt:], uint32(len(packed)))
	le.PutUint32(image[codesAt:], 0)
	again := &Core{image: image}
	if err := again.unpack(); err != nil || !bytes.Equal(again.Data, data) {
		return nil, errors.Join(errors.New("it cannot be unpacked again"), err)
	}
	return []Write{{c.at, image}}, nil
}
