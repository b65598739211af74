package main

import (
	"container/list"
	"errors"
	"io"
	"io/fs"
)

const (
	blockBytes = 256 << 10
	maxBlocks  = 512 // of all files together: 128 MiB
)

// blocks is a file system that reads files of another in blocks and keeps those that
// were used last. A journal is read in pieces of some bytes, and every
// read in a guest is a message to its appliance.
type blocks struct {
	fs.FS
	recent *list.List // of *block, the last used first
	held   map[blockKey]*list.Element
	most   int // that are kept
}

type blockKey struct {
	file   *blockFile
	number int64
}

type block struct {
	key  blockKey
	data []byte // shorter than blockBytes at the end of a file
}

func newBlocks(fsys fs.FS) *blocks {
	return &blocks{fsys, list.New(), map[blockKey]*list.Element{}, maxBlocks}
}

// Open opens a file, which is then an io.ReaderAt if it was one.
func (b *blocks) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	if err != nil {
		return nil, err
	}
	r, ok := f.(io.ReaderAt)
	if !ok {
		return f, nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &blockFile{f, r, info.Size(), b}, nil
}

// Stat and ReadDir are those of the other file system.
func (b *blocks) Stat(name string) (fs.FileInfo, error)      { return fs.Stat(b.FS, name) }
func (b *blocks) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(b.FS, name) }

type blockFile struct {
	fs.File
	r      io.ReaderAt
	size   int64
	blocks *blocks
}

// ReadAt reads from the blocks.
func (f *blockFile) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	total := 0
	for total < len(p) {
		at := offset + int64(total)
		if at >= f.size {
			return total, io.EOF
		}
		data, err := f.blocks.get(blockKey{f, at / blockBytes})
		if err != nil {
			return total, err
		}
		start := int(at % blockBytes)
		if start >= len(data) {
			return total, io.EOF
		}
		total += copy(p[total:], data[start:])
	}
	return total, nil
}

func (b *blocks) get(key blockKey) ([]byte, error) {
	if e, ok := b.held[key]; ok {
		b.recent.MoveToFront(e)
		return e.Value.(*block).data, nil
	}
	data := make([]byte, blockBytes)
	n, err := key.file.r.ReadAt(data, key.number*blockBytes)
	if err != nil && err != io.EOF {
		return nil, err
	}
	data = data[:n]
	b.held[key] = b.recent.PushFront(&block{key, data})
	if b.recent.Len() > b.most {
		last := b.recent.Remove(b.recent.Back()).(*block)
		delete(b.held, last.key)
	}
	return data, nil
}
