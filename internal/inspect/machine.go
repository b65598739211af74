package inspect

import (
	"debug/elf"
	"encoding/binary"
	"io"
	"io/fs"
	"strings"
)

// arch returns the architecture of the first of a few programs that every
// system has.
func arch(fsys fs.FS) string {
	for _, name := range []string{"bin/bash", "bin/ls", "bin/echo", "bin/rm", "bin/sh"} {
		if !isFile(fsys, name) {
			continue
		}
		f, err := fsys.Open(name)
		if err != nil {
			continue
		}
		var head [20]byte
		_, err = io.ReadFull(f, head[:])
		f.Close()
		if err == nil {
			if a := elfArch(head); a != "" {
				return a
			}
		}
	}
	return ""
}

// elfArch names the machine in the first bytes of an ELF file.
func elfArch(head [20]byte) string {
	if string(head[:4]) != elf.ELFMAG {
		return ""
	}
	var order binary.ByteOrder = binary.LittleEndian
	big := elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB
	if big {
		order = binary.BigEndian
	}
	switch elf.Machine(order.Uint16(head[18:])) {
	case elf.EM_386, elf.EM_486:
		return "i386"
	case elf.EM_X86_64:
		return "x86_64"
	case elf.EM_AARCH64:
		return "aarch64"
	case elf.EM_ARM:
		return "arm"
	case elf.EM_PPC:
		return "ppc"
	case elf.EM_PPC64:
		if big {
			return "ppc64"
		}
		return "ppc64le"
	case elf.EM_S390:
		if elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64 {
			return "s390x"
		}
		return "s390"
	case elf.EM_RISCV:
		if elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64 {
			return "riscv64"
		}
		return "riscv32"
	case elf.EM_LOONGARCH:
		return "loongarch64"
	}
	return ""
}

// hostname returns the name the guest gives itself.
func hostname(fsys fs.FS) string {
	for _, name := range []string{"etc/HOSTNAME", "etc/hostname"} {
		if line := firstHostname(fsys, name); line != "" {
			return line
		}
	}
	b, err := readSmall(fsys, "etc/sysconfig/network")
	if err != nil {
		return ""
	}
	return parseRelease(string(b))["HOSTNAME"]
}

// firstHostname returns the first line of a file that is no comment.
func firstHostname(fsys fs.FS, name string) string {
	b, err := readSmall(fsys, name)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return line
		}
	}
	return ""
}
