package daemon

import (
	"encoding/binary"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

func doIsoinfoDevice(_ *Call, device string) (*wire.ISOInfo, error) {
	f, err := os.Open(device)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readISO(f, device)
}

func doIsoinfo(c *Call, isofile string) (*wire.ISOInfo, error) {
	f, err := c.openRegular(isofile, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readISO(f, isofile)
}

// readISO reads the primary volume descriptor (ECMA-119, 8.4). Numbers stand
// there in both byte orders; the little-endian one comes first.
func readISO(r io.ReaderAt, name string) (*wire.ISOInfo, error) {
	const at, size = 32768, 2048
	d := make([]byte, size)
	if _, err := r.ReadAt(d, at); err != nil && err != io.EOF {
		return nil, err
	}
	if string(d[:6]) != "\x01CD001" {
		return nil, withErrno(syscall.EINVAL, "%s: not an ISO file or CD-ROM", name)
	}
	text := func(from, n int) string {
		s, _, _ := strings.Cut(string(d[from:from+n]), "\x00")
		return strings.TrimRight(s, " ")
	}
	le := binary.LittleEndian
	return &wire.ISOInfo{
		IsoSystemId: text(8, 32), IsoVolumeId: text(40, 32), IsoVolumeSpaceSize: le.Uint32(d[80:]),
		IsoVolumeSetSize: uint32(le.Uint16(d[120:])), IsoVolumeSequenceNumber: uint32(le.Uint16(d[124:])), IsoLogicalBlockSize: uint32(le.Uint16(d[128:])),
		IsoVolumeSetId: text(190, 128), IsoPublisherId: text(318, 128), IsoDataPreparerId: text(446, 128), IsoApplicationId: text(574, 128),
		IsoCopyrightFileId: text(702, 37), IsoAbstractFileId: text(739, 37), IsoBibliographicFileId: text(776, 37),
		IsoVolumeCreationT: isoTime(d[813:830]), IsoVolumeModificationT: isoTime(d[830:847]),
		IsoVolumeExpirationT: isoTime(d[847:864]), IsoVolumeEffectiveT: isoTime(d[864:881]),
	}, nil
}

// isoTime reads 16 digits, YYYYMMDDHHMMSScc, and how many quarters of an hour
// the zone is east of Greenwich. What is no time is -1.
func isoTime(d []byte) int64 {
	var n [6]int
	for i, width := 0, 0; i < len(n); i++ {
		from := width
		width += 2
		if i == 0 {
			width += 2
		}
		v, err := strconv.ParseUint(string(d[from:width]), 10, 16)
		if err != nil {
			return -1
		}
		n[i] = int(v)
	}
	if n[1] == 0 || n[2] == 0 {
		return -1
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	return t.Unix() - int64(int8(d[16]))*15*60
}
