package kimage

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	noteXenPhys32Entry = 18
	maxSegments        = 64
	maxNotes           = 1 << 20
	pageBytes          = 4096
)

var errNoPVH = errors.New("kernel without a PVH entry")

// segments checks that image is a 64-bit x86 executable and returns its program headers, all inside the file.
func segments(image []byte) (*elf.Header64, []elf.Prog64, error) {
	var h elf.Header64
	if err := binary.Read(bytes.NewReader(image), binary.LittleEndian, &h); err != nil {
		return nil, nil, errors.New("kernel is not an ELF file")
	}
	if string(h.Ident[:4]) != elf.ELFMAG || elf.Class(h.Ident[elf.EI_CLASS]) != elf.ELFCLASS64 ||
		elf.Data(h.Ident[elf.EI_DATA]) != elf.ELFDATA2LSB || elf.Machine(h.Machine) != elf.EM_X86_64 {
		return nil, nil, errors.New("kernel is not a 64-bit x86 ELF file")
	}
	size := uint64(len(image))
	if h.Phentsize != uint16(binary.Size(elf.Prog64{})) || h.Phnum == 0 || h.Phnum > maxSegments || h.Phoff > size {
		return nil, nil, errors.New("kernel with damaged program headers")
	}
	progs := make([]elf.Prog64, h.Phnum)
	if err := binary.Read(bytes.NewReader(image[h.Phoff:]), binary.LittleEndian, progs); err != nil {
		return nil, nil, errors.New("kernel with program headers cut short")
	}
	for i, p := range progs {
		if p.Off > size || p.Filesz > size-p.Off {
			return nil, nil, fmt.Errorf("kernel cut short: segment %d ends behind the file", i)
		}
	}
	return &h, progs, nil
}

// pvhEntry returns the physical address at which a hypervisor may start the kernel, from the note of Xen's type 18.
func pvhEntry(image []byte) (uint64, error) {
	_, progs, err := segments(image)
	if err != nil {
		return 0, err
	}
	for _, p := range progs {
		if elf.ProgType(p.Type) != elf.PT_NOTE || p.Filesz > maxNotes {
			continue
		}
		notes := image[p.Off : p.Off+p.Filesz]
		for len(notes) >= 12 {
			name, desc := binary.LittleEndian.Uint32(notes), binary.LittleEndian.Uint32(notes[4:])
			kind := binary.LittleEndian.Uint32(notes[8:])
			notes = notes[12:]
			nameEnd := (uint64(name) + 3) &^ 3
			end := nameEnd + (uint64(desc)+3)&^3
			if end > uint64(len(notes)) {
				break
			}
			if kind == noteXenPhys32Entry && string(notes[:name]) == "Xen\x00" {
				switch desc {
				case 4:
					return uint64(binary.LittleEndian.Uint32(notes[nameEnd:])), nil
				case 8:
					return binary.LittleEndian.Uint64(notes[nameEnd:]), nil
				}
			}
			notes = notes[end:]
		}
	}
	return 0, errNoPVH
}

// Shrink writes the parts of a vmlinux that are loaded: no sections, and no zero bytes at the end of a segment, which
// the loader adds by itself. Debian's kernel loses a third. The same kernel gives the same bytes.
func Shrink(w io.Writer, image []byte) error {
	h, progs, err := segments(image)
	if err != nil {
		return err
	}
	out := *h
	out.Phoff = uint64(binary.Size(out))
	out.Shoff, out.Shnum, out.Shstrndx, out.Shentsize = 0, 0, 0, 0
	at := uint64(pageBytes) // headers fit below: maxSegments of 56 bytes
	parts := make([][]byte, len(progs))
	for i := range progs {
		p := &progs[i]
		data := image[p.Off : p.Off+p.Filesz]
		if elf.ProgType(p.Type) == elf.PT_LOAD {
			data = bytes.TrimRight(data, "\x00")
		}
		parts[i] = data
		p.Off, p.Filesz = at, uint64(len(data))
		at = (at + p.Filesz + pageBytes - 1) &^ (pageBytes - 1)
	}
	var head bytes.Buffer
	binary.Write(&head, binary.LittleEndian, out) // a bytes.Buffer takes everything
	binary.Write(&head, binary.LittleEndian, progs)
	if _, err := w.Write(head.Bytes()); err != nil {
		return err
	}
	written := uint64(head.Len())
	for i, data := range parts {
		if _, err := w.Write(make([]byte, progs[i].Off-written)); err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		written = progs[i].Off + uint64(len(data))
	}
	return nil
}
