package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"virt-tools/internal/cloneprep"
	"virt-tools/internal/newid"
	"virt-tools/pkg/guestfs"
	"virt-tools/test/guests"
)

// shown is what a clone is asked on its serial console. The script for its first
// start may take longer than the login.
const shown = `dmesg -n 1
n=0
until [ -e /root/first ] || [ $n -gt 300 ]; do sleep 1; n=$((n+1)); done
echo "CLONE first $(cat /root/first)"
echo "CLONE hostname $(hostname)"
echo "CLONE machine-id $(cat /etc/machine-id)"
blkid -o export | sed -n 's/^\(UUID\|PARTUUID\)=/CLONE id /p'
pvs --noheadings -o pv_uuid,vg_uuid | sed 's/^ */CLONE lvm /'
for dir in / /boot /boot/efi; do echo "CLONE mounted $dir $(findmnt -nro UUID $dir)"; done
echo "CLONE swap $(swapon --show=UUID --noheadings)"
cat /etc/ssh/ssh_host_*_key.pub | sed 's/^/CLONE key /'
echo "CLONE sshd $(systemctl is-active ssh)"
echo "CLONE end"
`

// TestVMCloneBoots makes two clones in one go. They share nothing with each other and
// with the original, which is not changed; and the first starts from its own
// boot loader to a login prompt, and says what was read from its disk.
func TestVMCloneBoots(t *testing.T) { cloneBoots(t, "ext4") }

// The same with other roots takes as long again. VIRT_TOOLS_SLOW=1 runs them.
func TestVMCloneBootsXFS(t *testing.T)   { slow(t); cloneBoots(t, "xfs") }
func TestVMCloneBootsBtrfs(t *testing.T) { slow(t); cloneBoots(t, "btrfs") }

func slow(t *testing.T) {
	if os.Getenv("VIRT_TOOLS_SLOW") == "" {
		t.Skip("VIRT_TOOLS_SLOW is not set: TestVMCloneBoots does it with ext4")
	}
}

func cloneBoots(t *testing.T, filesystem string) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	ctx := t.Context()
	golden, err := guests.Bootable(ctx, filesystem, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	before := guests.Hash(t, golden)
	dir := t.TempDir()
	script := filepath.Join(dir, "show")
	if err := os.WriteFile(script, []byte(shown), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	status := run(ctx, append(stepArgs(t, dir),
		"-a", golden, "--overlay", "--copy-to", dir+"/%s.qcow2", "--count", "2", "--name", "web-%02d", "--machine-id", "fresh", "--regenerate-ssh-keys",
		"--firstboot-command", "hostname >/root/first.new && mv /root/first.new /root/first", "--upload", script+":/root/show", "--root-password", "password:secret", "--report=json",
	), nil, &out, &errs)
	if status != 0 || errs.Len() > 0 {
		t.Fatalf("status %d, %s", status, errs.String())
	}
	if after := guests.Hash(t, golden); after != before {
		t.Error("the original was changed")
	}
	var made report
	if err := json.Unmarshal(out.Bytes(), &made); err != nil || len(made.Clones) != 2 {
		t.Fatalf("%d clones reported, %v", len(made.Clones), err)
	}
	first := identities(t, dir+"/web-01.qcow2", checkSteps)
	second := identities(t, dir+"/web-02.qcow2", nil)
	original := identities(t, golden, nil)
	for _, pair := range [][2]map[string]string{{first, second}, {first, original}, {second, original}} {
		for what, id := range pair[0] {
			if id == "" || pair[1][what] == id {
				t.Errorf("%s is %q in two guests", what, id)
			}
		}
		if len(pair[0]) != len(pair[1]) {
			t.Errorf("%d and %d identities", len(pair[0]), len(pair[1]))
		}
	}
	checkReport(t, made.Clones[0], original, first)
	checkBoot(t, boot(t, dir+"/web-01.qcow2"), first)
	if after := guests.Hash(t, golden); after != before {
		t.Error("the original was changed")
	}
}

// identities reads what must be a guest's own, without the code under test, and
// has the rest looked at.
func identities(t *testing.T, image string, also func(*testing.T, *guestfs.Handle)) map[string]string {
	t.Helper()
	ctx := t.Context()
	g := guestfs.New(nil)
	defer g.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(g.AddDrive(image, &guestfs.AddDriveOpts{ReadOnly: true, Format: "qcow2"}))
	must(g.Launch(ctx))
	ids := map[string]string{}
	id := func(what, value string, err error) {
		t.Helper()
		must(err)
		ids[what] = value
	}
	for _, device := range []guestfs.Device{"/dev/sda2", "/dev/sda3", "/dev/vg/root", "/dev/vg/swap"} {
		value, err := g.VfsUuid(ctx, guestfs.Mountable(device))
		id(string(device), value, err)
	}
	value, err := g.PartGetDiskGuid(ctx, "/dev/sda")
	id("disk", value, err)
	for n := 1; n <= 4; n++ {
		value, err := g.PartGetGptGuid(ctx, "/dev/sda", n)
		id(fmt.Sprintf("partition %d", n), value, err)
	}
	value, err = g.Pvuuid(ctx, "/dev/sda4")
	id("pv", value, err)
	value, err = g.Vguuid(ctx, "vg")
	id("vg", value, err)
	must(g.MountRo(ctx, "/dev/vg/root", "/"))
	for _, file := range []string{
		"/etc/machine-id", "/etc/hostname", "/var/lib/systemd/random-seed", "/etc/ssh/ssh_host_rsa_key.pub", "/etc/ssh/ssh_host_ecdsa_key",
		"/etc/ssh/ssh_host_ecdsa_key.pub", "/etc/ssh/ssh_host_ed25519_key.pub",
	} {
		text, err := g.ReadFile(ctx, guestfs.Path(file))
		id(file, string(text), err)
	}
	if also != nil {
		also(t, g)
	}
	return ids
}

// checkReport compares the report with what was read.
func checkReport(t *testing.T, c clone, original, now map[string]string) {
	t.Helper()
	if c.Hostname != "web-01" || c.DryRun {
		t.Errorf("hostname %q, dry run %v", c.Hostname, c.DryRun)
	}
	for device, what := range map[string]string{
		"/dev/sda2": "/dev/sda2", "/dev/sda3": "/dev/sda3", "/dev/vg/root": "/dev/vg/root", "/dev/vg/swap": "/dev/vg/swap",
		"/dev/sda": "disk", "vg": "vg",
	} {
		if !slices.ContainsFunc(c.Changes, func(e cloneprep.Entry) bool {
			return e.Action == "identifier" && e.Device == device && sameID(e.Old, original[what]) && sameID(e.New, now[what])
		}) {
			t.Errorf("the report does not tell that %s was %s and is %s", device, original[what], now[what])
		}
	}
	for path, old := range map[string]string{"/etc/fstab": original["/dev/sda3"], "/boot/grub/grub.cfg": original["/dev/vg/root"], "/boot/efi/EFI/debian/grub.cfg": original["/dev/sda2"]} {
		if !slices.ContainsFunc(c.Changes, func(e cloneprep.Entry) bool { return e.Action == "reference" && e.Path == path && sameID(e.Old, old) }) {
			t.Errorf("the report does not tell that %s in %s was rewritten", old, path)
		}
	}
	if !slices.ContainsFunc(c.Changes, func(e cloneprep.Entry) bool {
		return e.Action == "reference" && strings.HasPrefix(e.Path, "/boot/initrd.img-") && e.Old == original["/dev/vg/swap"]
	}) {
		t.Error("the report does not tell of the initial RAM disk")
	}
}

// sameID compares without hyphens, which the calls of LVM leave out.
func sameID(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, "-", ""), strings.ReplaceAll(b, "-", ""))
}

// boot starts a clone in QEMU, without KVM, logs in on its serial console and has
// it show what it is. It returns what was printed.
func boot(t *testing.T, image string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if end, ok := t.Deadline(); ok {
		ctx, stop = context.WithDeadline(ctx, end)
		defer stop()
	}
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot", "-accel", "tcg,thread=multi", "-cpu", "max",
		"-m", "768", "-smp", "2", "-drive", "if=virtio,format=qcow2,file="+image, "-serial", "stdio", "-device", "virtio-rng-pci")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop()
		_ = cmd.Wait() // killed, which is its error
	}()
	var console strings.Builder
	b, from := make([]byte, 4096), 0
	for _, talk := range []struct{ wait, answer string }{
		{" login: ", "root\n"}, {"Password: ", "secret\n"}, {"# ", "sh /root/show\n"}, {"CLONE end", ""},
	} {
		for !strings.Contains(console.String()[from:], talk.wait) {
			n, err := out.Read(b)
			console.Write(b[:n])
			if err != nil || console.Len() > 16<<20 {
				t.Fatalf("waiting for %q: %v, %v; the clone said:\n%s", talk.wait, err, ctx.Err(), tail(console.String()))
			}
		}
		from += strings.Index(console.String()[from:], talk.wait) + len(talk.wait)
		if _, err := io.WriteString(in, talk.answer); err != nil {
			t.Fatal(err)
		}
	}
	return console.String()
}

func tail(text string) string { return text[max(0, len(text)-4000):] }

var said = regexp.MustCompile(`(?m)CLONE (\S+) ?(.*?)\r?$`)

// checkBoot compares what a clone said with what was read from its disk.
func checkBoot(t *testing.T, console string, ids map[string]string) {
	t.Helper()
	if !strings.Contains(console, "web-01 login:") {
		t.Errorf("the prompt has another name:\n%s", tail(console))
	}
	got := map[string][]string{}
	for _, m := range said.FindAllStringSubmatch(console, -1) {
		got[m[1]] = append(got[m[1]], m[2])
	}
	one := func(what, want string) {
		t.Helper()
		if strings.Join(got[what], "\n") != want {
			t.Errorf("%s: the clone says %q; want %q", what, got[what], want)
		}
	}
	one("first", "web-01")
	one("hostname", "web-01")
	one("machine-id", strings.TrimSpace(ids["/etc/machine-id"]))
	one("sshd", "active")
	one("swap", ids["/dev/vg/swap"])
	one("mounted", "/ "+ids["/dev/vg/root"]+"\n/boot "+ids["/dev/sda2"]+"\n/boot/efi "+ids["/dev/sda3"])
	one("key", strings.TrimSpace(ids["/etc/ssh/ssh_host_ecdsa_key.pub"]+ids["/etc/ssh/ssh_host_ed25519_key.pub"]+ids["/etc/ssh/ssh_host_rsa_key.pub"]))
	if fields := strings.Fields(strings.Join(got["lvm"], " ")); len(fields) != 2 || !sameID(fields[0], ids["pv"]) || !sameID(fields[1], ids["vg"]) {
		t.Errorf("lvm: the clone says %q; want %s and %s", got["lvm"], ids["pv"], ids["vg"])
	}
	for _, what := range []string{"/dev/sda2", "/dev/sda3", "/dev/vg/root", "/dev/vg/swap", "partition 1", "partition 2", "partition 3", "partition 4"} {
		if !slices.Contains(got["id"], strings.ToLower(ids[what])) && !slices.Contains(got["id"], ids[what]) {
			t.Errorf("%s: the clone does not say %s: %q", what, ids[what], got["id"])
		}
	}
	if !newid.Filesystem.Valid(ids["/dev/vg/root"]) {
		t.Errorf("the UUID of root is %q", ids["/dev/vg/root"])
	}
}
