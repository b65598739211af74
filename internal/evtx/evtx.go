// Package evtx reads event logs of Windows Vista and later (.evtx) as XML.
//
//	err := evtx.Read(file, size, func(r evtx.Record) error {
//		fmt.Println(r.XML) // <Event xmlns=...>...</Event>
//		return nil
//	}, func(err error) { fmt.Println("damaged:", err) })
//
// Files may be damaged or hostile: what can be read is read, in bounded time and memory. It
// does not look up the texts of messages, which are in programs of the guest, repair a log,
// or verify checksums.
package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// The layout, all numbers little-endian:
//
//	file:   "ElfFile\0" ... at 40: uint16 bytes of the header, then chunks
//	chunk:  "ElfChnk\0" at 8: uint64 first record number ... at 48: uint32 end of the records;
//	        records from 512
//	record: "**\0\0" uint32 bytes, uint64 number, uint64 time, binary XML, uint32 bytes
const (
	fileMagic, chunkMagic = "ElfFile\x00", "ElfChnk\x00"
	fileHeaderBytes       = 4096
	chunkBytes            = 64 << 10
	chunkHeaderBytes      = 512
	recordHeaderBytes     = 24
	recordMagic           = 0x00002a2a
	maxChunks             = 65535 // 4 GiB, the most that Windows writes
)

// ErrFormat is the kind of error for a file that is no event log.
var ErrFormat = errors.New("not an event log of Windows")

// Record is an event.
type Record struct {
	Number uint64
	Time   time.Time // when it was written
	XML    string    // one element, Event
}

// Read calls emit for each record, by their numbers, and damaged for what cannot be read.
// It stops at an error of emit or of the file.
func Read(file io.ReaderAt, size int64, emit func(Record) error, damaged func(error)) error {
	header := make([]byte, 128)
	n, err := file.ReadAt(header, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if n < len(header) || !bytes.HasPrefix(header, []byte(fileMagic)) {
		return ErrFormat
	}
	start := int64(binary.LittleEndian.Uint16(header[40:]))
	if start < int64(len(header)) {
		start = fileHeaderBytes
	}
	chunks, err := chunksOf(file, start, size)
	if err != nil {
		return err
	}
	data := make([]byte, chunkBytes)
	for _, c := range chunks {
		if _, err := file.ReadAt(data, c.at); err != nil {
			return err
		}
		if err := readChunk(data, emit, damaged); err != nil {
			return err
		}
	}
	return nil
}

type chunk struct {
	at    int64
	first uint64 // number of its first record
}

// chunksOf finds the chunks in use. Once the file has its full size Windows
// overwrites the oldest, so their order is that of their records.
func chunksOf(file io.ReaderAt, start, size int64) ([]chunk, error) {
	var chunks []chunk
	var header [chunkHeaderBytes]byte
	for at := start; at+chunkBytes <= size && len(chunks) < maxChunks; at += chunkBytes {
		if _, err := file.ReadAt(header[:], at); err != nil {
			return nil, err
		}
		if bytes.HasPrefix(header[:], []byte(chunkMagic)) {
			chunks = append(chunks, chunk{at, binary.LittleEndian.Uint64(header[8:])})
		}
	}
	slices.SortStableFunc(chunks, func(a, b chunk) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	return chunks, nil
}

func readChunk(data []byte, emit func(Record) error, damaged func(error)) error {
	end := min(int(binary.LittleEndian.Uint32(data[48:])), len(data))
	tokens := maxChunkTokens
	for at := chunkHeaderBytes; at+recordHeaderBytes <= end; {
		size := int(binary.LittleEndian.Uint32(data[at+4:]))
		if binary.LittleEndian.Uint32(data[at:]) != recordMagic || size < recordHeaderBytes+4 || size > end-at {
			damaged(fmt.Errorf("at %#x of a chunk: not a record", at))
			return nil
		}
		number := binary.LittleEndian.Uint64(data[at+8:])
		p := parser{chunk: data, tokens: min(maxTokens, tokens)}
		tokens -= p.tokens
		if err := p.fragment(at+recordHeaderBytes, at+size-4, nil); err != nil {
			damaged(fmt.Errorf("record %d: %w", number, err))
		} else if err := emit(Record{number, fileTime(binary.LittleEndian.Uint64(data[at+16:])), p.out.String()}); err != nil {
			return err
		}
		tokens += max(0, p.tokens) // that were not used
		at += size
	}
	return nil
}

// fileTime is a time of Windows: units of 100 ns since 1601.
func fileTime(t uint64) time.Time {
	const perSecond, to1970 = 10_000_000, 11_644_473_600
	return time.Unix(int64(t/perSecond)-to1970, int64(t%perSecond)*100).UTC()
}
