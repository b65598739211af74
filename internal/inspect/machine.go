package inspect

import (
	"debug/elf"
	"encoding/binary"
	"io"
	"io/fs"
	"strings"
)

// HeadBytes is how much of a program Machine wants to see.
const HeadBytes = 4096

// Machine names the machine that a program is for, or nothing. It takes the
// first bytes of the program: ELF, or that of Windows.
func Machine(head []byte) string {
	if m := elfMachine(head); m != "" {
		return m
	}
	return peMachine(head)
}

// machineOf is Machine for a file.
func machineOf(fsys fs.FS, name string) string {
	if !isFile(fsys, name) {
		return ""
	}
	f, err := fsys.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, HeadBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return ""
	}
	return Machine(head[:n])
}

// arch returns the architecture of the first of a few programs that every
// system has.
func arch(fsys fs.FS) string {
	for _, name := range []string{"bin/bash", "bin/ls", "bin/echo", "bin/rm", "bin/sh"} {
		if m := machineOf(fsys, name); m != "" {
			return m
		}
	}
	return ""
}

// elfNames are machines whose name does not depend on anything else.
var elfNames = map[elf.Machine]string{
	elf.EM_386: "i386", elf.EM_486: "i386", elf.EM_X86_64: "x86_64", elf.EM_AARCH64: "aarch64", elf.EM_ARM: "arm", elf.EM_PPC: "ppc",
	elf.EM_IA_64: "ia64", elf.EM_SPARC: "sparc", elf.EM_SPARC32PLUS: "sparc", elf.EM_SPARCV9: "sparc64", elf.EM_68K: "m68k", elf.EM_ALPHA: "alpha",
	elf.EM_PARISC: "parisc", elf.EM_SH: "sh4",
}

func elfMachine(head []byte) string {
	if len(head) < 20 || string(head[:4]) != elf.ELFMAG {
		return ""
	}
	var order binary.ByteOrder = binary.LittleEndian
	big := elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB
	if big {
		order = binary.BigEndian
	}
	wide := elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64
	pick := func(yes bool, a, b string) string {
		if yes {
			return a
		}
		return b
	}
	machine := elf.Machine(order.Uint16(head[18:]))
	switch machine {
	case elf.EM_PPC64:
		return pick(big, "ppc64", "ppc64le")
	case elf.EM_S390:
		return pick(wide, "s390x", "s390")
	case elf.EM_RISCV:
		return pick(wide, "riscv64", "riscv32")
	case elf.EM_LOONGARCH:
		return pick(wide, "loongarch64", "loongarch32")
	case elf.EM_MIPS:
		return pick(wide, "mips64", "mips") + pick(big, "", "el")
	}
	return elfNames[machine]
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
			return line[:min(len(line), maxLine)]
		}
	}
	return ""
}
