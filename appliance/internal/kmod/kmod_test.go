package kmod

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/appliance/internal/inputs"
)

// module makes an ELF file with a section .modinfo that says info.
func module(info ...string) []byte {
	text := strings.Join(info, "\x00") + "\x00"
	names := "\x00.modinfo\x00.shstrtab\x00"
	h := elf.Header64{Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2}
	copy(h.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	h.Shoff = uint64(64 + len(text) + len(names))
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: 64, Size: uint64(len(text))},
		{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: uint64(64 + len(text)), Size: uint64(len(names))},
	}
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, h)
	b.WriteString(text + names)
	binary.Write(&b, binary.LittleEndian, sections)
	return b.Bytes()
}

// tree is a kernel's modules: c needs b, b needs a, a is also wanted by soft.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"modules.builtin":          []byte("kernel/fs/built-in.ko\n"),
		"kernel/fs/c.ko":           module("name=c", "depends=b,built-in", "alias=fs-c", "alias=c99"),
		"kernel/lib/b.ko":          module("depends=a-x", "softdep=pre: soft crypto-none post: late"),
		"kernel/lib/a-x.ko":        module("depends="),
		"kernel/lib/soft.ko":       module("depends=a-x"),
		"kernel/lib/late.ko":       module("depends="),
		"kernel/lib/lost.ko":       module("depends=nowhere"),
		"kernel/lib/circle.ko":     module("depends=circle2"),
		"kernel/lib/circle2.ko":    module("depends=circle"),
		"kernel/lib/nonsense.ko":   []byte("nonsense"),
		"kernel/lib/no-info.ko":    append([]byte(elf.ELFMAG), make([]byte, 60)...),
		"kernel/lib/unrelated.txt": nil,
	} {
		file := filepath.Join(dir, "lib/modules/6.1", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const dir = "/lib/modules/6.1"

const dep = `kernel/fs/c.ko: kernel/lib/b.ko kernel/lib/a-x.ko
kernel/lib/b.ko: kernel/lib/a-x.ko
kernel/lib/a-x.ko:
kernel/lib/soft.ko: kernel/lib/a-x.ko
kernel/lib/late.ko:
kernel/lib/lost.ko: kernel/lib/nowhere.ko
`

func TestClosure(t *testing.T) {
	want := map[string][]string{"a_x": nil, "b": {"a_x"}, "c": {"a_x", "b"}, "soft": {"a_x"}}
	for _, indexed := range []bool{true, false} {
		root := tree(t)
		if indexed {
			if err := os.WriteFile(filepath.Join(root, dir, "modules.dep"), []byte(dep), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		x, err := Open(inputs.New(root), dir)
		if err != nil {
			t.Fatal(err)
		}
		mods, missing, err := x.Closure([]string{"c", "built_in", "ntfs3"})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for _, m := range mods {
			got[m.Name] = m.Needs
			if m.Name == "c" && !cmp.Equal(m.Aliases, []string{"fs-c", "c99"}) {
				t.Errorf("aliases of c = %q", m.Aliases)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("modules.dep %v: Closure (-want +got):\n%s", indexed, diff)
		}
		if !cmp.Equal(missing, []string{"ntfs3"}) {
			t.Errorf("missing = %v", missing)
		}
		if _, _, err := x.Closure([]string{"lost"}); err == nil || !strings.Contains(err.Error(), "needs nowhere") {
			t.Errorf("Closure(lost): %v", err)
		}
	}
}

func TestDamaged(t *testing.T) {
	x, err := Open(inputs.New(tree(t)), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nonsense", "no_info", "circle"} {
		if _, _, err := x.Closure([]string{name}); err == nil {
			t.Errorf("Closure(%s) found nothing wrong", name)
		}
	}
	for _, line := range []string{"no colon\n", "../../../etc/passwd:\n", "/etc/passwd:\n"} {
		root := tree(t)
		if err := os.WriteFile(filepath.Join(root, dir, "modules.dep"), []byte(line), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(inputs.New(root), dir); err == nil {
			t.Errorf("modules.dep %q: taken", line)
		}
	}
}

func TestUnsigned(t *testing.T) {
	signed := func(length uint32) []byte {
		info := append(make([]byte, 8), binary.BigEndian.AppendUint32(nil, length)...)
		return append(append([]byte("codesig"), info...), signatureMark...)
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"signed", signed(3), "code"},
		{"unsigned", []byte("code"), "code"},
		{"longer than the file", signed(100), string(signed(100))},
		{"only the mark", signatureMark, string(signatureMark)},
	}
	for _, test := range tests {
		if got := string(Unsigned(test.data)); got != test.want {
			t.Errorf("%s: Unsigned = %q; want %q", test.name, got, test.want)
		}
	}
}

func FuzzReadInfo(f *testing.F) {
	f.Add(module("depends=a,b", "softdep=pre: x", "alias=y"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &Module{Data: data}
		m.readInfo()
		Unsigned(data)
	})
}
