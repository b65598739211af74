package template

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Memory is compared block by block. A block fits into the processor's second-level
// cache or nearly so; a machine of 768 MB has 768 sums.
const (
	blockBytes = 1 << 20
	pageBytes  = 4 << 10
)

// errMemory is memory that is not as it was saved.
var errMemory = errors.New("the checksum of the guest's memory is wrong")

var zeroBlock [blockBytes]byte

// blockSum is the checksum of a block; a last one that is short counts as filled with zeros.
func blockSum(b []byte) uint32 {
	sum := crc32.Checksum(b, castagnoli)
	if rest := blockBytes - len(b); rest > 0 {
		sum = crc32.Update(sum, castagnoli, zeroBlock[:rest])
	}
	return sum
}

// zeroSum is that of a block of zeros, such as a hole.
var zeroSum = crc32.Checksum(zeroBlock[:], castagnoli)

// copyRAM copies memory, leaves holes where there are only zeros, and returns the sums.
func copyRAM(to io.WriterAt, from *os.File, size int64) ([]uint32, error) {
	sums := emptySums(size)
	err := eachBlock(from, size, func(index int, block []byte) error {
		sums[index] = blockSum(block)
		return writePages(to, block, int64(index)*blockBytes)
	})
	return sums, err
}

// writePages writes the pages of a block that are not zero, neighbours at once.
func writePages(to io.WriterAt, block []byte, offset int64) error {
	begin := -1
	for at := 0; ; at += pageBytes {
		end := min(at+pageBytes, len(block))
		empty := at >= len(block) || bytes.Equal(block[at:end], zeroBlock[:end-at])
		switch {
		case !empty && begin < 0:
			begin = at
		case empty && begin >= 0:
			if _, err := to.WriteAt(block[begin:min(at, len(block))], offset+int64(begin)); err != nil {
				return err
			}
			begin = -1
		}
		if at >= len(block) {
			return nil
		}
	}
}

// verifyRAM compares memory with its sums.
func verifyRAM(f *os.File, size int64, sums []uint32) error {
	seen := emptySums(size)
	err := eachBlock(f, size, func(index int, block []byte) error {
		if seen[index] = blockSum(block); seen[index] != sums[index] {
			return errMemory
		}
		return nil
	})
	if err != nil {
		return err
	}
	return compareSums(seen, sums)
}

func emptySums(size int64) []uint32 {
	sums := make([]uint32, (size+blockBytes-1)/blockBytes)
	for i := range sums {
		sums[i] = zeroSum
	}
	return sums
}

func compareSums(got, want []uint32) error {
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("%w at %d MB", errMemory, i)
		}
	}
	return nil
}

// eachBlock calls do for every block that is not a hole.
func eachBlock(f *os.File, size int64, do func(index int, block []byte) error) error {
	buf := make([]byte, blockBytes)
	for offset := int64(0); offset < size; offset += blockBytes {
		data, err := unix.Seek(int(f.Fd()), offset, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) || err == nil && data >= size {
			return nil
		}
		if err != nil {
			return os.NewSyscallError("lseek", err)
		}
		offset = data / blockBytes * blockBytes
		block := buf[:min(blockBytes, size-offset)]
		if _, err := f.ReadAt(block, offset); err != nil {
			return err
		}
		if err := do(int(offset/blockBytes), block); err != nil {
			return err
		}
	}
	return nil
}

// anonymousFile makes a file that is only in memory.
func anonymousFile(size int64) (*os.File, error) {
	fd, err := unix.MemfdCreate("template", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "template in memory")
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
