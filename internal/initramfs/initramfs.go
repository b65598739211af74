// Package initramfs reads the small files in the initial RAM disk of a guest,
// and makes what is appended to it to have others in their place.
//
//	files, err := initramfs.Read(image)
//	files["etc/crypttab"].Data = ...
//	image = append(image, initramfs.Append(len(image), changed)...)
//
// An initial RAM disk is a row of cpio archives, each packed or not, with
// zeroes between. The kernel unpacks them one after another, so that a file in
// a later one replaces its namesake: what is appended is an archive of the
// changed files alone, not packed, and nothing before it moves. An archive
// that was appended so is found again.
//
// It does not unpack programs and modules, nor LZO, which there is no reader
// of here.
package initramfs

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"virt-tools/internal/cpio"
	"virt-tools/internal/decompress"
)

// Limits on what is read of a guest's file.
const (
	maxUnpacked = 1 << 30
	maxFile     = 256 << 10 // larger files hold no configuration
	maxEntries  = 200_000
	maxKept     = 64 << 20 // bytes of files
	maxArchives = 64
)

const (
	magic = "070701"
	lzo   = "\x89LZO"
)

// Errors that callers tell apart: an image that a kernel may read, but not this
// package; and what no kernel takes for an initial RAM disk.
var (
	ErrFormat = errors.New("initial RAM disk of an unknown format")
	ErrNone   = errors.New("not an initial RAM disk")
)

// File is a small regular file.
type File struct {
	Name string // without a slash or dot in front: etc/crypttab
	Mode uint32
	Data []byte
}

// Read returns the regular files of at most 256 KiB that are no modules, by name. Of several with
// one name it is the last, as when the kernel unpacks them.
func Read(image []byte) (map[string]*File, error) {
	r := &reader{files: map[string]*File{}}
	rest := image
	for n := 0; ; n++ {
		if rest = bytes.TrimLeft(rest, "\x00"); len(rest) == 0 {
			break
		}
		if n == maxArchives {
			return nil, fmt.Errorf("%w: more than %d archives", ErrFormat, maxArchives)
		}
		if bytes.HasPrefix(rest, []byte(magic)) {
			size, err := r.archive(rest)
			if err != nil {
				return nil, err
			}
			rest = rest[size:]
			continue
		}
		if decompress.Format(rest) == "" {
			if n == 0 && !bytes.HasPrefix(rest, []byte(lzo)) {
				return nil, ErrNone
			}
			return nil, ErrFormat
		}
		end := plainTail(rest)
		plain, err := decompress.All(bytes.TrimRight(rest[:end], "\x00"), maxUnpacked)
		if err != nil {
			// A stream may end in zeroes of its own.
			if plain, err = decompress.All(rest[:end], maxUnpacked); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrFormat, err)
			}
		}
		if _, err := r.archive(plain); err != nil {
			return nil, err
		}
		rest = rest[end:]
	}
	if r.entries == 0 {
		return nil, ErrNone
	}
	return r.files, nil
}

// plainTail returns where, behind a packed archive, archives that are not
// packed begin and go on to the end; without such, the end. A packed stream
// does not tell its length, and to find that out all of it would have to be
// unpacked.
func plainTail(image []byte) int {
	for at := 0; ; {
		i := bytes.Index(image[at:], []byte(magic))
		if i < 0 {
			return len(image)
		}
		if at += i; isArchives(image[at:]) {
			return at
		}
		at++
	}
}

// isArchives says whether b is whole archives, with zeroes between, to its end.
func isArchives(b []byte) bool {
	r := &reader{headersOnly: true}
	for range maxArchives {
		if !bytes.HasPrefix(b, []byte(magic)) {
			return false
		}
		size, err := r.archive(b)
		if err != nil {
			return false
		}
		if b = bytes.TrimLeft(b[size:], "\x00"); len(b) == 0 {
			return true
		}
	}
	return false
}

type reader struct {
	files       map[string]*File
	headersOnly bool
	entries     int
	kept        int64
}

// archive reads one archive, and returns its size.
func (r *reader) archive(b []byte) (int, error) {
	archive := cpio.NewReader(bytes.NewReader(b))
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return min(int(archive.Offset()), len(b)), nil
		}
		if err != nil {
			return 0, err
		}
		if r.entries++; r.entries > maxEntries {
			return 0, fmt.Errorf("%w: more than %d files", ErrFormat, maxEntries)
		}
		if r.headersOnly || h.Mode&0o170000 != cpio.File || h.Size > maxFile || isModule(h.Name) {
			continue
		}
		if r.kept += h.Size; r.kept > maxKept {
			return 0, fmt.Errorf("%w: more than %d bytes of small files", ErrFormat, maxKept)
		}
		data, err := io.ReadAll(archive.Data())
		if err != nil {
			return 0, err
		}
		if int64(len(data)) < h.Size {
			return 0, io.ErrUnexpectedEOF
		}
		name := strings.TrimLeft(strings.TrimPrefix(h.Name, "./"), "/")
		r.files[name] = &File{Name: name, Mode: h.Mode, Data: data}
	}
}

// isModule says whether a file is a module of the kernel: there are thousands.
func isModule(name string) bool {
	name = name[strings.LastIndexByte(name, '/')+1:]
	return strings.HasSuffix(name, ".ko") || strings.Contains(name, ".ko.")
}

// Append returns the bytes that, behind an image of size bytes, replace files
// in it: zeroes up to a multiple of four, and an archive. The directories that
// the files are in must be there.
func Append(size int, files []*File) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, -size&3))
	w := cpio.NewWriter(&b)
	sorted := slices.SortedFunc(slices.Values(files), func(a, b *File) int { return cmp.Compare(a.Name, b.Name) })
	for _, f := range sorted {
		h := cpio.Header{Name: f.Name, Mode: f.Mode, Size: int64(len(f.Data))}
		if err := w.Add(h, bytes.NewReader(f.Data)); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}
