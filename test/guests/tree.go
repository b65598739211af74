package guests

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
)

// tree is the files of a guest: path to text. The text of a symbolic link is
// "-> target", a path that ends in "/" is a directory.
type tree map[string]string

// tar returns the files as an archive, always the same bytes.
func (t tree) tar() []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		text := t[name]
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), ModTime: made, Typeflag: tar.TypeReg}
		target, isLink := strings.CutPrefix(text, "-> ")
		switch {
		case isLink:
			h.Typeflag, h.Linkname, h.Mode, h.Size, text = tar.TypeSymlink, target, 0o777, 0, ""
		case strings.HasSuffix(name, "/"):
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		case strings.Contains(name, "bin/"):
			h.Mode = 0o755
		}
		// Writing into a buffer cannot fail, and the names are ours.
		_ = w.WriteHeader(h)
		_, _ = w.Write([]byte(text))
	}
	_ = w.Close()
	return out.Bytes()
}

// with returns the trees in one; of two files of a name the later.
func with(trees ...tree) tree {
	all := tree{}
	for _, t := range trees {
		maps.Copy(all, t)
	}
	return all
}

// Machines of elf.
const (
	x86_64  = 62
	aarch64 = 183
)

// elf is the start of a 64-bit Linux program, enough to tell its machine.
func elf(machine uint16) string {
	b := make([]byte, 120)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], 2) // executable
	le.PutUint16(b[18:], machine)
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[32:], 64) // one program header
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], 1)
	le.PutUint16(b[58:], 64)
	return string(b)
}

// pe is the start of a Windows program: 64 or 32 bits.
func pe(bits int) string {
	b := make([]byte, 512)
	copy(b, "MZ")
	le := binary.LittleEndian
	const at = 0x80
	le.PutUint32(b[0x3c:], at)
	copy(b[at:], "PE\x00\x00")
	machine, size, magic, flags := uint16(0x8664), uint16(240), uint16(0x20b), uint16(0x22)
	if bits == 32 {
		machine, size, magic, flags = 0x14c, 224, 0x10b, 0x102
	}
	le.PutUint16(b[at+4:], machine)
	le.PutUint16(b[at+20:], size)
	le.PutUint16(b[at+22:], flags)
	le.PutUint16(b[at+24:], magic)
	le.PutUint16(b[at+24+68:], 3) // a program of the console
	return string(b)
}

// linux is what every Linux root has.
func linux(machine uint16, hostname, fstab, osRelease string) tree {
	return tree{
		"bin/bash": elf(machine), "bin/ls": elf(machine),
		"dev/": "", "home/": "", "proc/": "", "root/": "", "sys/": "", "tmp/": "", "var/log/": "",
		"etc/fstab":      fstab,
		"etc/hostname":   hostname + "\n",
		"etc/os-release": osRelease,
		"etc/passwd": "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/:/usr/sbin/nologin\n" +
			"ann:x:1000:1000:Ann Example,,,:/home/ann:/bin/bash\n",
	}
}

// merged is linux with /bin as a link into /usr.
func merged(machine uint16, hostname, fstab, osRelease string) tree {
	t := linux(machine, hostname, fstab, osRelease)
	for name, text := range t {
		if strings.HasPrefix(name, "bin/") {
			t["usr/"+name] = text
			delete(t, name)
		}
	}
	t["bin"] = "-> usr/bin"
	t["etc/os-release"], t["usr/lib/os-release"] = "-> ../usr/lib/os-release", osRelease
	return t
}
