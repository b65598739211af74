package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virt-tools/internal/cli"
)

const diskBytes = 4 << 20

// newDisk is an image full of a letter, raw or qcow2.
func newDisk(t *testing.T, dir, format string, letter byte) cli.Drive {
	t.Helper()
	raw := filepath.Join(dir, string(letter)+".raw")
	if err := os.WriteFile(raw, bytes.Repeat([]byte{letter}, diskBytes), 0o600); err != nil {
		t.Fatal(err)
	}
	if format == "raw" {
		return cli.Drive{File: raw, Format: format}
	}
	file := filepath.Join(dir, string(letter)+"."+format)
	if err := qemuImg(t.Context(), "convert", "-O", format, raw, file); err != nil {
		t.Fatal(err)
	}
	return cli.Drive{File: file, Format: format}
}

// scribble changes a piece of an overlay, as a guest would.
func scribble(t *testing.T, overlay string) {
	t.Helper()
	out, err := exec.Command("qemu-io", "-f", "qcow2", "-c", "write -P 0x7a 1M 2M", overlay).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// content reads an image as a guest sees it.
func content(t *testing.T, file string) string {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw")
	if err := qemuImg(t.Context(), "convert", "-O", "raw", file, raw); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func whole(letter byte) string { return strings.Repeat(string(letter), diskBytes) }

func changed(letter byte) string {
	return strings.Repeat(string(letter), 1<<20) + strings.Repeat("z", 2<<20) + strings.Repeat(string(letter), 1<<20)
}

// leftover lists what must not stay in a folder.
func leftover(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func testConsole(t *testing.T) (*cli.Console, *bytes.Buffer) {
	t.Helper()
	var errs bytes.Buffer
	var console *cli.Console
	p := cli.Program{Name: "test"}
	var opts struct{ cli.Common }
	p.Run(t.Context(), nil, cli.Stdio{Err: &errs, Out: &bytes.Buffer{}}, &opts, func(_ context.Context, c *cli.Console) error {
		console = c
		return nil
	})
	return console, &errs
}

func open(t *testing.T, drives []cli.Drive, targets []string, overlay, dry bool) *disks {
	t.Helper()
	console, _ := testConsole(t)
	d, err := newDisks(t.Context(), drives, targets, overlay, dry, console)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.overlays {
		scribble(t, o)
	}
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeepInPlace(t *testing.T) {
	dir := t.TempDir()
	drives := []cli.Drive{newDisk(t, dir, "raw", 'a'), newDisk(t, dir, "qcow2", 'b')}
	d := open(t, drives, nil, false, false)
	console, _ := testConsole(t)
	if _, err := newDisks(t.Context(), drives[:1], nil, false, false, console); err == nil || !strings.Contains(err.Error(), "is being worked on") {
		t.Errorf("a second run: %v", err)
	}
	if content(t, drives[0].File) != whole('a') {
		t.Error("the disk was changed before the changes were kept")
	}
	must(t, d.keep(t.Context()))
	must(t, d.discard())
	if content(t, drives[0].File) != changed('a') || content(t, drives[1].File) != changed('b') {
		t.Error("the changes are not in the disks")
	}
	if l := leftover(t, dir); len(l) > 0 {
		t.Errorf("left: %v", l)
	}
}

func TestDiscard(t *testing.T) {
	dir := t.TempDir()
	drives := []cli.Drive{newDisk(t, dir, "raw", 'a')}
	for _, dry := range []bool{false, true} {
		d := open(t, drives, nil, false, dry)
		if dry {
			must(t, d.keep(t.Context()))
		}
		must(t, d.discard())
		if content(t, drives[0].File) != whole('a') {
			t.Errorf("dry %v: the disk was changed", dry)
		}
	}
	if l := leftover(t, dir); len(l) > 0 {
		t.Errorf("left: %v", l)
	}
}

// A run that was killed before its changes were complete leaves an overlay, which
// the next one throws away.
func TestKilledBefore(t *testing.T) {
	dir := t.TempDir()
	drives := []cli.Drive{newDisk(t, dir, "raw", 'a')}
	d := open(t, drives, nil, false, false)
	for _, f := range d.locks {
		must(t, f.Close()) // as the kernel does
	}
	again := open(t, drives, nil, false, false)
	must(t, again.discard())
	if content(t, drives[0].File) != whole('a') || len(leftover(t, dir)) > 0 {
		t.Errorf("changed: %v, left: %v", content(t, drives[0].File) != whole('a'), leftover(t, dir))
	}
}

// A run that was killed while it wrote into the disks is finished by the next one:
// at whatever disk it was, all are written in the end.
func TestKilledWhile(t *testing.T) {
	for written := range 3 {
		dir := t.TempDir()
		drives := []cli.Drive{newDisk(t, dir, "raw", 'a'), newDisk(t, dir, "qcow2", 'b')}
		d := open(t, drives, nil, false, false)
		text, err := json.Marshal(d.sources)
		must(t, err)
		must(t, writeWhole(beside(d.sources[0].Image, ".json"), text))
		for _, s := range d.sources[:min(written, 2)] {
			must(t, qemuImg(t.Context(), "commit", "-q", "-f", "qcow2", "-d", s.Overlay))
		}
		for _, f := range d.locks {
			must(t, f.Close())
		}
		console, errs := testConsole(t)
		if _, err := newDisks(t.Context(), drives, []string{dir + "/x.qcow2", dir + "/y.qcow2"}, false, false, console); err == nil {
			t.Error("disks that are half written are copied")
		}
		again, err := newDisks(t.Context(), drives, nil, false, false, console)
		must(t, err)
		must(t, again.discard())
		if !strings.Contains(errs.String(), "was interrupted") {
			t.Errorf("nothing is said of it: %q", errs.String())
		}
		if content(t, drives[0].File) != changed('a') || content(t, drives[1].File) != changed('b') {
			t.Errorf("%d disks were written: the changes are not in all", written)
		}
		if l := leftover(t, dir); len(l) > 0 {
			t.Errorf("left: %v", l)
		}
	}
}

func TestCopies(t *testing.T) {
	for _, overlay := range []bool{false, true} {
		dir := t.TempDir()
		drives := []cli.Drive{newDisk(t, dir, "qcow2", 'a')}
		target := filepath.Join(dir, "new.qcow2")
		must(t, os.Chmod(drives[0].File, 0o640))
		d := open(t, drives, []string{target}, overlay, false)
		must(t, d.keep(t.Context()))
		must(t, d.discard())
		if content(t, target) != changed('a') || content(t, drives[0].File) != whole('a') {
			t.Errorf("overlay %v: the copy or the original is wrong", overlay)
		}
		info, err := os.Stat(target)
		must(t, err)
		if info.Mode() != 0o640 {
			t.Errorf("overlay %v: mode %v; the original has 0640", overlay, info.Mode())
		}
		out, err := exec.Command("qemu-img", "info", target).Output()
		must(t, err)
		if got := strings.Contains(string(out), "backing file"); got != overlay {
			t.Errorf("the copy has a backing file: %v; want %v", got, overlay)
		}
		if l := leftover(t, dir); len(l) > 0 {
			t.Errorf("left: %v", l)
		}
		d = open(t, drives, []string{target}, overlay, false)
		if err := d.keep(t.Context()); err == nil {
			t.Error("a file that is there was overwritten")
		}
		must(t, d.discard())
	}
}

// Where another program has the disk open for writing, as a guest that runs, nothing
// is changed.
func TestInUse(t *testing.T) {
	dir := t.TempDir()
	drives := []cli.Drive{newDisk(t, dir, "qcow2", 'a')}
	d := open(t, drives, nil, false, false)
	cmd := exec.Command("qemu-io", "-f", "qcow2", drives[0].File)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	_, err = in.Write([]byte("length\n"))
	must(t, err)
	if _, err := out.Read(make([]byte, 1)); err != nil { // it is open now
		t.Fatal(err)
	}
	err = d.keep(t.Context())
	must(t, in.Close())
	must(t, cmd.Wait())
	if err == nil || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("keep = %v", err)
	}
	must(t, d.discard())
	if content(t, drives[0].File) != whole('a') {
		t.Error("the disk was changed")
	}
	if _, err := os.Stat(beside(drives[0].File, ".json")); err == nil || !os.IsNotExist(err) && err != fs.ErrNotExist {
		t.Errorf("a record was left: %v", err)
	}
}

func TestBeside(t *testing.T) {
	for image, want := range map[string]string{"/vms/a.img": "/vms/.a.img.clone-prep.x", "/dev/vg/root": "/var/tmp/.dev-vg-root.clone-prep.x"} {
		if got := beside(image, ".x"); got != want {
			t.Errorf("beside(%s) = %s; want %s", image, got, want)
		}
	}
}
