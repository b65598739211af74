package image

import (
	"encoding/binary"
	"fmt"
	"io"
)

// WriteQcow2 writes an empty qcow2 image (version 3, 64 KiB clusters, no backing file in
// the header) of a virtual size into an empty file. Throw-away overlays are made with
// it: one write of a few clusters, where QEMU's own blockdev-create is a job with four
// round trips.
//
//	cluster 0  header        1  refcount table        2  refcount block        3...  L1 table
func WriteQcow2(w io.WriterAt, size int64) error {
	const (
		bits    = 16
		cluster = 1 << bits
		perL1   = cluster * (cluster / 8) // bytes of the disk behind one L1 entry
		tables  = 3                       // clusters in front of the L1 table
		maxSize = 1 << 50                 // keeps the L1 table within QEMU's limit of 32 MiB
	)
	if size <= 0 || size%512 != 0 || size > maxSize {
		return fmt.Errorf("qcow2: size %d is not possible", size)
	}
	entries := (size + perL1 - 1) / perL1
	l1Clusters := (entries*8 + cluster - 1) / cluster

	// The L1 table stays a hole; its last byte gives the file its length.
	b := make([]byte, tables*cluster)
	be := binary.BigEndian
	copy(b, qcowMagic)
	be.PutUint32(b[4:], 3)
	be.PutUint32(b[20:], bits)
	be.PutUint64(b[24:], uint64(size))
	be.PutUint32(b[36:], uint32(entries))
	be.PutUint64(b[40:], tables*cluster)
	be.PutUint64(b[48:], 1*cluster)
	be.PutUint32(b[56:], 1)
	be.PutUint32(b[96:], 4) // refcounts of 2^4 bits
	be.PutUint32(b[100:], qcow2HeaderV3)
	be.PutUint64(b[cluster:], 2*cluster)
	for i := range tables + l1Clusters {
		be.PutUint16(b[2*cluster+2*i:], 1)
	}
	if _, err := w.WriteAt(b, 0); err != nil {
		return err
	}
	_, err := w.WriteAt([]byte{0}, (tables+l1Clusters)*cluster-1)
	return err
}
