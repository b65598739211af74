// Package kimage reads the files that Linux kernels come in, and turns a bzImage into the vmlinux inside it.
//
//	version, err := kimage.Version(image)      // "6.1.0-18-amd64"
//	vmlinux, err := kimage.Vmlinux(image)      // an ELF file that starts through its PVH entry
//	err = kimage.Shrink(w, vmlinux)            // what is loaded of it, no more
//
// A bzImage decompresses itself, which takes seconds when the processor is emulated; QEMU starts a vmlinux at its PVH
// entry at once. The layout of a bzImage is the x86 boot protocol of Linux (Documentation/arch/x86/boot.rst):
//
//	0x1f1  sectors of setup code, less one      0x206  protocol version, 2.08 or later for what follows
//	0x1fe  0xaa55                               0x20e  version text, at this + 0x200
//	0x202  "HdrS"                               0x248  payload: offset from the end of the setup code, length
//
// Images are files of the host, but they may be damaged or of a kind not known here: every offset is checked, and
// an error only means that the image has to be started as it is.
package kimage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"virt-tools/internal/decompress"
)

const (
	sectorBytes   = 512
	headerBytes   = 0x250
	maxVersion    = 256
	maxVmlinux    = 1 << 30
	payloadSince  = 0x208 // protocol version
	defaultSetup  = 4     // sectors, when the header says 0
	payloadSuffix = 4     // the payload ends in its uncompressed size
)

// ErrNotBzImage is returned for a file that is no bzImage at all.
var ErrNotBzImage = errors.New("not an x86 kernel image")

func header(image []byte) error {
	if len(image) < headerBytes || binary.LittleEndian.Uint16(image[0x1fe:]) != 0xaa55 || string(image[0x202:0x206]) != "HdrS" {
		return ErrNotBzImage
	}
	return nil
}

// Version returns the release of the kernel in a bzImage, as uname -r would print it. The first 64 KiB of the image
// are enough.
func Version(image []byte) (string, error) {
	if err := header(image); err != nil {
		return "", err
	}
	at := int(binary.LittleEndian.Uint16(image[0x20e:])) + 0x200
	if at == 0x200 || at >= len(image) {
		return "", errors.New("kernel image without a version text")
	}
	text := image[at:min(len(image), at+maxVersion)]
	end := bytes.IndexAny(text, " \x00")
	if end <= 0 {
		return "", errors.New("kernel image with a damaged version text")
	}
	for _, c := range text[:end] {
		if c <= ' ' || c > '~' || c == '/' {
			return "", errors.New("kernel image with a damaged version text")
		}
	}
	return string(text[:end]), nil
}

// Vmlinux returns the vmlinux in a bzImage. It is an error when that has no PVH entry.
func Vmlinux(image []byte) ([]byte, error) {
	payload, err := payload(image)
	if err != nil {
		return nil, err
	}
	format := decompress.Format(payload)
	size := int64(binary.LittleEndian.Uint32(payload[len(payload)-payloadSuffix:]))
	if size > maxVmlinux {
		return nil, fmt.Errorf("kernel image with a payload of %d bytes", size)
	}
	if format != "gzip" { // whose own trailer the size is
		payload = payload[:len(payload)-payloadSuffix]
	}
	out, err := decompress.All(payload, size)
	if err != nil {
		return nil, fmt.Errorf("kernel image: %w", err)
	}
	if int64(len(out)) != size {
		return nil, fmt.Errorf("kernel image: %d bytes, %d expected", len(out), size)
	}
	if _, err := pvhEntry(out); err != nil {
		return nil, err
	}
	return out, nil
}

// payload returns the compressed kernel in a bzImage.
func payload(image []byte) ([]byte, error) {
	if err := header(image); err != nil {
		return nil, err
	}
	if v := binary.LittleEndian.Uint16(image[0x206:]); v < payloadSince {
		return nil, fmt.Errorf("kernel image of boot protocol %d.%02d", v>>8, v&0xff)
	}
	setup := int64(image[0x1f1])
	if setup == 0 {
		setup = defaultSetup
	}
	start := (setup+1)*sectorBytes + int64(binary.LittleEndian.Uint32(image[0x248:]))
	length := int64(binary.LittleEndian.Uint32(image[0x24c:]))
	if length <= payloadSuffix || start+length > int64(len(image)) {
		return nil, fmt.Errorf("kernel image cut short: payload at %d of %d bytes, file of %d", start, length, len(image))
	}
	return image[start : start+length], nil
}
