// Package libvirts gives tests real libvirts: its test driver, which has any domains and runs
// none, and its QEMU driver, embedded, which runs them.
//
//	libvirts.Program(t)
//	uri := libvirts.Fake(t, libvirts.Domain("web", true, libvirts.File("vda", "qcow2", image)))
//
// Neither needs a daemon nor touches the libvirt of the host. Nothing but tests may use
// the package.
package libvirts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Program builds the program that looks domains up, for the rest of the test.
func Program(t testing.TB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "virt-tools-libvirt")
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "libvirt_dlopen", "-o", path, "virt-tools/internal/libvirt/virt-tools-libvirt")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Setenv("VIRT_TOOLS_LIBVIRT", path)
}

// Domain is the XML of a domain with disks, for either driver.
func Domain(name string, running bool, disks ...string) string {
	state := 5 // shut off
	if running {
		state = 1
	}
	return fmt.Sprintf(`<domain type='%%s' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
<name>%s</name><memory unit='MiB'>64</memory><os><type arch='%%s'>hvm</type></os>
<devices>%s</devices><test:runstate>%d</test:runstate></domain>
`, name, strings.ReplaceAll(strings.Join(disks, "\n"), "%", "%%"), state)
}

// File is a disk in a file.
func File(target, format, file string) string {
	return fmt.Sprintf(`<disk type='file' device='disk'><driver name='qemu' type='%s'/><source file='%s'/><target dev='%s' bus='virtio'/></disk>`, format, file, target)
}

// EmptyCDROM is a drive without a medium.
const EmptyCDROM = `<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>`

// Fake is the URI of a libvirt that has these domains and pools.
func Fake(t testing.TB, parts ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "node.xml")
	content := "<node>\n"
	for _, p := range parts {
		if strings.HasPrefix(p, "<domain") {
			p = fmt.Sprintf(p, "test", "i686")
		}
		content += p
	}
	if err := os.WriteFile(file, []byte(content+"</node>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "test://" + file
}

// DirPool is a pool of the fake whose volumes are the files named. The driver makes up where they
// are: in the folder, under their names.
func DirPool(name, dir string, volumes ...string) string {
	xml := "<pool type='dir'><name>" + name + "</name><target><path>" + dir + "</path></target>\n"
	for _, v := range volumes {
		xml += "<volume type='file'><name>" + v + "</name><capacity>1048576</capacity><target><path>" + filepath.Join(dir, v) +
			"</path><format type='" + strings.TrimPrefix(filepath.Ext(v), ".") + "'/></target></volume>\n"
	}
	return xml + "</pool>\n"
}

// Embedded is a QEMU driver of libvirt with a folder of its own.
type Embedded struct {
	URI  string
	root string
}

// conf lets domains start without what a system's libvirt has: a logger, cgroups, labels.
const conf = `stdio_handler = "file"
security_driver = "none"
user = "%d"
group = "%d"
dynamic_ownership = 0
cgroup_controllers = []
namespaces = []
`

// NewEmbedded makes one without domains. What is running when the test ends is stopped.
func NewEmbedded(t testing.TB) *Embedded {
	t.Helper()
	root, err := os.MkdirTemp("", "lv") // short: sockets are below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(conf, os.Geteuid(), os.Getegid())
	if err := os.WriteFile(filepath.Join(root, "etc", "qemu.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &Embedded{URI: "qemu:///embed?root=" + root, root: root}
}

// Define defines a domain.
func (e *Embedded) Define(t testing.TB, domain string) {
	t.Helper()
	Virsh(t, e.URI, "define", e.file(t, fmt.Sprintf(domain, "qemu", "x86_64")))
}

// Start starts a domain.
func (e *Embedded) Start(t testing.TB, name string) {
	t.Helper()
	Virsh(t, e.URI, "start", name)
	pid, err := os.ReadFile(filepath.Join(e.root, "run", "qemu", name+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	if err != nil {
		t.Fatal(err)
	}
	// By its process: virsh might not have found it again by the time it is to stop it.
	t.Cleanup(func() { syscall.Kill(number, syscall.SIGKILL) })
}

// Secret keeps a secret and returns its UUID.
func (e *Embedded) Secret(t testing.TB, value string) string {
	t.Helper()
	const uuid = "0a81f5b2-8403-7b23-c8d6-21ccc2f80d6f"
	uri := "secret:///embed?root=" + e.root
	Virsh(t, uri, "secret-define", e.file(t, "<secret ephemeral='no' private='no'><uuid>"+uuid+"</uuid></secret>"))
	Virsh(t, uri, "secret-set-value", uuid, "--file", e.file(t, value), "--plain")
	return uuid
}

func (e *Embedded) file(t testing.TB, content string) string {
	t.Helper()
	f, err := os.CreateTemp(e.root, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// Virsh runs libvirt's own program.
func Virsh(t testing.TB, uri string, args ...string) string {
	t.Helper()
	cmd := exec.Command("virsh", append([]string{"-q", "-c", uri}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := err.(*exec.ExitError); ok {
			out = append(out, exit.Stderr...)
		}
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}
