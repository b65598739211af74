package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virt-tools/test/libvirts"
)

// marked makes a raw disk of a MiB that begins with a text.
func marked(t *testing.T, text string) string {
	t.Helper()
	file := disk(t)
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return file
}

// show is a tool that prints the first bytes of each disk.
func show(launch launcher, opts *sampleOptions) func(context.Context, *Console) error {
	return func(ctx context.Context, console *Console) error {
		h, err := launch(&opts.Guest, ctx, console)
		if err != nil {
			return err
		}
		defer h.Close()
		devices, err := h.ListDevices(ctx)
		if err != nil {
			return err
		}
		for _, d := range devices {
			b, err := h.PreadDevice(ctx, d, 4, 0)
			if err != nil {
				return err
			}
			console.Out.WriteString(string(b) + "\n")
		}
		return nil
	}
}

// A real QEMU driver: a domain that runs and one that does not, and an image that QEMU encrypted.
func TestVMEmbedded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	libvirts.Program(t)
	lv := libvirts.NewEmbedded(t)
	first, second := marked(t, "ONE\n"), marked(t, "TWO\n")
	overlay, encrypted := filepath.Join(t.TempDir(), "o.qcow2"), filepath.Join(t.TempDir(), "e.qcow2")
	qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", first, overlay)
	uuid := lv.Secret(t, "open sesame")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("open sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	qemuImg(t, "create", "-q", "-f", "qcow2", "--object", "secret,id=k,file="+secret,
		"-o", "encrypt.format=luks,encrypt.key-secret=k,encrypt.iter-time=10", encrypted, "1M")
	qemuImg(t, "convert", "-n", "--object", "secret,id=k,file="+secret, "--image-opts", "driver=raw,file.filename="+first,
		"--target-image-opts", "driver=qcow2,file.filename="+encrypted+",encrypt.key-secret=k")
	lv.Define(t, libvirts.Domain("running", false, libvirts.File("vda", "qcow2", overlay), libvirts.EmptyCDROM, libvirts.File("vdb", "raw", second)))
	lv.Define(t, libvirts.Domain("stopped", false, libvirts.File("vda", "raw", second)))
	lv.Define(t, libvirts.Domain("secret", false, strings.Replace(libvirts.File("vda", "qcow2", encrypted), "<target",
		"<encryption format='luks'><secret type='passphrase' uuid='"+uuid+"'/></encryption><target", 1)))
	lv.Define(t, libvirts.Domain("unknown secret", false, strings.Replace(libvirts.File("vda", "qcow2", encrypted), "<target",
		"<encryption format='luks'><secret type='passphrase' uuid='11111111-8403-7b23-c8d6-21ccc2f80d6f'/></encryption><target", 1)))
	lv.Start(t, "running")

	const note = "virt-sample: note: domain running is running: what is read from a domain in use may be out of date or inconsistent\n"
	tests := []struct {
		name     string
		args     []string
		launch   launcher
		stdout   string
		messages string
	}{
		{"running", []string{"-d", "running"}, (*Guest).LaunchReadOnly, "ONE\n\nTWO\n\n", note},
		{"frozen", []string{"-d", "running", "--freeze"}, (*Guest).LaunchReadOnly, "ONE\n\nTWO\n\n",
			"virt-sample: warning: domain running cannot be frozen, so what is read may be inconsistent: argument unsupported: QEMU guest agent is not configured\n" + note},
		{"running, to write", []string{"-d", "running"}, (*Guest).LaunchWritable, "",
			"virt-sample: error: add_libvirt_dom: libvirt domain running is running: writing to its disks would damage them\n" +
				"virt-sample: hint: shut it down first (virsh shutdown), or use a tool that only reads\n"},
		{"frozen, to write", []string{"-d", "stopped", "--freeze"}, (*Guest).LaunchWritable, "",
			"virt-sample: error: --freeze is for tools that only read: this one needs the domain to be shut off\n"},
		{"stopped and a file", []string{"-d", "stopped", "--format=raw", "-a", first}, (*Guest).LaunchReadOnly, "TWO\n\nONE\n\n", ""},
		{"encrypted", []string{"-d", "secret"}, (*Guest).LaunchReadOnly, "ONE\n\n", ""},
		{"no secret", []string{"-d", "unknown secret"}, (*Guest).LaunchReadOnly, "",
			"virt-sample: error: add_libvirt_dom: libvirt domain unknown secret: disk vda: secret 11111111-8403-7b23-c8d6-21ccc2f80d6f: " +
				"Secret not found: no secret with matching uuid '11111111-8403-7b23-c8d6-21ccc2f80d6f'\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var opts sampleOptions
			status, out, stderr := runSample(&opts, show(test.launch, &opts), append([]string{"-c", lv.URI}, test.args...)...)
			if out != test.stdout || stderr != test.messages || (status == 0) != (test.stdout != "") {
				t.Errorf("status %d, %q, %q; want %q, %q", status, out, stderr, test.stdout, test.messages)
			}
		})
	}
	if got := libvirts.Virsh(t, lv.URI, "domstate", "running"); strings.TrimSpace(got) != "running" {
		t.Errorf("afterwards the domain is %q", got)
	}
}

// Disks that are only read stay so; volumes are found in their pool; what cannot be used is told.
func TestVMDomain(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	libvirts.Program(t)
	first, second := marked(t, "ONE\n"), marked(t, "TWO\n")
	dir := t.TempDir()
	if err := os.Rename(second, filepath.Join(dir, "volume.raw")); err != nil {
		t.Fatal(err)
	}
	const nvme = `<disk type='nvme' device='disk'><driver type='raw'/><source type='pci' managed='yes' namespace='1'>` +
		`<address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source><target dev='vdc' bus='virtio'/></disk>`
	readOnly := strings.Replace(libvirts.File("vda", "raw", first), "<target", "<readonly/><target", 1)
	volume := `<disk type='volume' device='disk'><driver name='qemu'/><source pool='pool' volume='volume.raw'/><target dev='vdb' bus='virtio'/></disk>`
	uri := libvirts.Fake(t, libvirts.DirPool("pool", dir, "volume.raw"),
		libvirts.Domain("pooled", false, readOnly, volume), libvirts.Domain("odd", false, volume, nvme),
		libvirts.Domain("none", false), libvirts.Domain("lost", false, libvirts.File("vda", "raw", "/nonexistent.img")))
	const left = "libvirt domain odd: disk vdc"
	tests := []struct {
		name   string
		launch launcher
		stdout string
		want   string // in stderr
	}{
		{"pooled", (*Guest).LaunchReadOnly, "ONE\n\nTWO\n\n", ""},
		{"pooled", (*Guest).LaunchWritable, "ONE\n\nTWO\n\n", ""},
		{"odd", (*Guest).LaunchReadOnly, "TWO\n\n", "virt-sample: warning: " + left + " is left out: type nvme: "},
		{"odd", (*Guest).LaunchWritable, "", "virt-sample: error: add_libvirt_dom: " + left + ": type nvme: "},
		{"none", (*Guest).LaunchReadOnly, "", "virt-sample: error: add_libvirt_dom: libvirt domain none: it has no disks\n"},
		{"lost", (*Guest).LaunchReadOnly, "", "virt-sample: error: libvirt domain lost: launch: open /nonexistent.img: no such file or directory\n"},
		{"nobody", (*Guest).LaunchReadOnly, "", `virt-sample: error: libvirt domain "nobody": there is none of that name at ` + uri + "\n"},
	}
	for _, test := range tests {
		var opts sampleOptions
		status, out, stderr := runSample(&opts, show(test.launch, &opts), "-c", uri, "-d", test.name)
		if out != test.stdout || !strings.Contains(stderr, test.want) || (status == 0) != (test.stdout != "") || test.want == "" && stderr != "" {
			t.Errorf("%s: status %d, %q, %q; want %q, %q", test.name, status, out, stderr, test.stdout, test.want)
		}
	}
	var opts sampleOptions
	status, _, _ := runSample(&opts, write((*Guest).LaunchWritable, &opts), "-c", uri, "-d", "pooled")
	if content, err := os.ReadFile(first); err != nil || status != 0 || string(content[4096:4103]) == "written" {
		t.Errorf("status %d, %v; the disk that the domain only reads must not change", status, err)
	}
	opts = sampleOptions{}
	_, _, stderr := runSample(&opts, nothing, "-c", uri, "typo.img")
	if stderr != "" {
		t.Errorf("before a launch: %q", stderr)
	}
	opts.drives = []Drive{{Domain: "typo.img", guessed: true}}
	_, _, stderr = runSample(&opts, show((*Guest).LaunchReadOnly, &opts))
	if !strings.Contains(stderr, "there is no file typo.img, and it is no domain either") {
		t.Errorf("a file that is not there: %q", stderr)
	}
}

func qemuImg(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %q: %v\n%s", args, err, out)
	}
}
