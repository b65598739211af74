// Package image reads the headers of disk images: which format a file has, and
// which other files it names.
//
//	chain, err := image.Open("disk.qcow2", image.Options{})
//	if err != nil { ... }
//	defer chain.Close()
//	fmt.Println(chain.Layers[0].Format) // qcow2
//
// Images come from strangers. The package reads headers only, with every offset
// checked, and it is the one place that decides which files of the host may be
// opened because of what an image says:
//
//   - The format was detected: none. An image that names another file (a backing
//     file, an external data file, extents) is refused, because a guest can write
//     any header it likes into its own raw disk and so name any file of the host.
//   - The format was given: the named files are opened, one by one, by us. They are
//     plain files or block devices; names of protocols are refused.
//
// The package reads and writes no guest data. QEMU does that, on the files opened here.
package image

import (
	"errors"
	"fmt"
	"io"
)

// Format names an image format as QEMU does.
type Format string

// The formats that are known. Detection never answers with the last line's.
const (
	Raw       Format = "raw"
	Qcow2     Format = "qcow2"
	Qcow      Format = "qcow"
	QED       Format = "qed"
	VMDK      Format = "vmdk"
	VDI       Format = "vdi"
	VPC       Format = "vpc"
	VHDX      Format = "vhdx"
	LUKS      Format = "luks"
	Parallels Format = "parallels"
	Bochs     Format = "bochs"
)

// Info is what an image's header says. Nothing in it can be trusted.
type Info struct {
	Format        Format
	VirtualSize   int64    // bytes the guest sees; 0 where only QEMU can tell
	Backing       string   // name of the backing file, as written
	BackingFormat string   // its format, as written, may be empty
	DataFile      string   // qcow2: name of the external data file
	HasDataFile   bool     // qcow2: the guest's data is in another file, named or not
	Extents       []string // vmdk: names of the files that hold the data
	Encryption    string   // qcow2: "luks" or "aes" when QEMU needs a key for it
}

// References lists the other files that the header names, in a form for messages.
func (i *Info) References() []string {
	var refs []string
	if i.Backing != "" {
		refs = append(refs, fmt.Sprintf("backing file %q", i.Backing))
	}
	if i.HasDataFile {
		refs = append(refs, fmt.Sprintf("data file %q", i.DataFile))
	}
	for _, name := range i.Extents {
		refs = append(refs, fmt.Sprintf("extent %q", name))
	}
	return refs
}

// errNot is the cause when a header is not that of the expected format.
var errNot = errors.New("magic number not found")

// A format knows its own magic number and how to read its header. They are tried
// in this order; what none recognises is raw.
var formats = []struct {
	format Format
	probe  func(head []byte) bool
	read   func(r io.ReaderAt, size int64) (Info, error)
}{
	{Qcow2, probeQcow2, readQcow2},
	{Qcow, probeQcow, readQcow},
	{QED, probeQED, readQED},
	{VMDK, probeVMDK, readVMDK},
	{VHDX, probeVHDX, readVHDX},
	{VPC, probeVPC, readVPC},
	{VDI, probeVDI, readVDI},
	{LUKS, probeLUKS, readPlain},
	{Parallels, probeParallels, readParallels},
	{Bochs, probeBochs, readPlain},
}

// headBytes is enough for every magic number and for a small vmdk descriptor.
const headBytes = 4096

// ParseFormat checks a format's name as users write it.
func ParseFormat(name string) (Format, error) {
	switch name {
	case "raw":
		return Raw, nil
	case "vhd":
		return VPC, nil
	}
	for _, f := range formats {
		if string(f.format) == name {
			return f.format, nil
		}
	}
	return "", fmt.Errorf("unknown image format %q", name)
}

// Formats lists the names that ParseFormat knows.
func Formats() []string {
	names := []string{string(Raw)}
	for _, f := range formats {
		names = append(names, string(f.format))
	}
	return names
}

// Detect finds the format of an image of size bytes. What it does not know is raw.
func Detect(r io.ReaderAt, size int64) (Format, error) {
	head, err := readHead(r, size)
	if err != nil {
		return "", err
	}
	for _, f := range formats {
		if f.probe(head) {
			return f.format, nil
		}
	}
	return Raw, nil
}

// Inspect reads the header of an image of the given format.
func Inspect(r io.ReaderAt, size int64, format Format) (Info, error) {
	if format == Raw {
		return Info{Format: Raw, VirtualSize: size}, nil
	}
	head, err := readHead(r, size)
	if err != nil {
		return Info{}, err
	}
	for _, f := range formats {
		if f.format != format {
			continue
		}
		if !f.probe(head) {
			return Info{}, fmt.Errorf("not a %s image: %w", format, errNot)
		}
		info, err := f.read(r, size)
		if err != nil {
			return Info{}, fmt.Errorf("%s header: %w", format, err)
		}
		info.Format = format
		return info, nil
	}
	return Info{}, fmt.Errorf("unknown image format %q", format)
}

func readHead(r io.ReaderAt, size int64) ([]byte, error) {
	head := make([]byte, min(headBytes, max(size, 0)))
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return head[:n], nil
}

// section reads n bytes at off, which must lie inside the image.
func section(r io.ReaderAt, size int64, off, n uint64) ([]byte, error) {
	if off > uint64(size) || n > uint64(size)-off {
		return nil, fmt.Errorf("%w: bytes %d to %d are needed, the file has %d", errTruncated, off, off+n, size)
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, int64(off)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// errTruncated is the cause when a header points behind the end of the file.
var errTruncated = errors.New("the image is truncated")
