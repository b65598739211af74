package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"virt-tools/internal/qemu"
)

var (
	kills = flag.Int("kills", 12, "how often TestVMKilled kills the program or QEMU")
	seed  = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments at which TestVMKilled kills")
)

// needs fails without the programs that judge a filesystem.
func needs(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	for _, name := range []string{"qemu-system-x86_64", "mke2fs", "e2fsck", "debugfs"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is needed: %v", name, err)
		}
	}
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// ext4Image makes an image with one file.
func ext4Image(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	tree, image := filepath.Join(dir, "tree"), filepath.Join(dir, "disk.img")
	if err := errors.Join(os.MkdirAll(tree+"/etc", 0o755), os.WriteFile(tree+"/etc/file", []byte(content), 0o640)); err != nil {
		t.Fatal(err)
	}
	command(t, "mke2fs", "-q", "-t", "ext4", "-d", tree, image, "32M")
	return image
}

// state checks a filesystem that was in use when everything stopped: its journal is
// replayed, as by mounting it, then it has no fault and nothing in /etc but the file. It
// returns what the file holds. The image is changed.
func state(t *testing.T, when, image string) string {
	t.Helper()
	out, err := exec.Command("e2fsck", "-p", image).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) { // 1: corrected, which the journal is
		t.Errorf("%s: e2fsck -p: %v\n%s", when, err, out)
	}
	if out, err := exec.Command("e2fsck", "-fn", image).CombinedOutput(); err != nil {
		t.Errorf("%s: the filesystem has faults: %v\n%s", when, err, out)
	}
	var names []string
	for line := range strings.Lines(command(t, "debugfs", "-R", "ls -p /etc", image)) {
		if fields := strings.Split(line, "/"); len(fields) > 5 {
			names = append(names, fields[5])
		}
	}
	if !slices.Equal(names, []string{".", "..", "file"}) {
		t.Errorf("%s: /etc holds %q", when, names)
	}
	return command(t, "debugfs", "-R", "cat /etc/file", image)
}

var before, after = strings.Repeat("old line\n", 20000), strings.Repeat("new line\n", 20000)

// TestVMCrash keeps every write that an edit makes to the disk, and stops the world before
// each of them: the file is wholly the old or wholly the new one, and nothing else is there.
func TestVMCrash(t *testing.T) {
	needs(t)
	image := ext4Image(t, before)
	start, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	ctx := qemu.WithWriteLog(t.Context(), map[string]*os.File{image: log})
	var stderr bytes.Buffer
	args := []string{"--format=raw", "-a", image, "-m", "/dev/sda", "/etc/file", "-e", "s/old/new/"}
	if status := run(ctx, args, strings.NewReader(""), io.Discard, &stderr); status != 0 {
		t.Fatalf("virt-edit: %s", stderr.String())
	}
	writes, flushes := readWriteLog(t, log.Name())
	replayed := filepath.Join(t.TempDir(), "replayed.img")
	seen := map[string]int{}
	disk := slices.Clone(start)
	for n := 0; ; n++ {
		if err := os.WriteFile(replayed, disk, 0o600); err != nil {
			t.Fatal(err)
		}
		when := "before write " + strconv.Itoa(n)
		switch content := state(t, when, replayed); content {
		case before:
			seen["old"]++
			if seen["new"] > 0 {
				t.Errorf("%s: the old file is back", when)
			}
		case after:
			seen["new"]++
		default:
			t.Fatalf("%s: the file has %d bytes that are neither the old nor the new ones", when, len(content))
		}
		if n == len(writes) {
			break
		}
		writes[n](disk)
	}
	t.Logf("%d writes, %d flushes: the old file after %d of them, the new one after %d", len(writes), flushes, seen["old"], seen["new"])
	if seen["old"] == 0 || seen["new"] == 0 || flushes < 3 {
		t.Errorf("%d writes and %d flushes are not those of an edit: %v", len(writes), flushes, seen)
	}
	end, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(end, disk) {
		t.Error("all writes together do not give the image as it is")
	}
}

// Flags of an entry of the log (Linux, drivers/md/dm-log-writes.c).
const (
	logFlush   = 1
	logDiscard = 4
)

// readWriteLog reads a log: a sector with magic, version, number of entries and size of a
// sector, and then for each entry a sector with its place, length and flags, and its data.
func readWriteLog(t *testing.T, file string) (writes []func(disk []byte), flushes int) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if len(b) < 512 || le.Uint64(b) != 0x6a736677736872 || le.Uint64(b[8:]) != 1 {
		t.Fatalf("not a log of %d bytes", len(b))
	}
	entries, sector := le.Uint64(b[16:]), uint64(le.Uint32(b[24:]))
	at := sector
	for range entries {
		place, count, flags := le.Uint64(b[at:])*sector, le.Uint64(b[at+8:])*sector, le.Uint64(b[at+16:])
		at += sector
		if flags&logFlush != 0 {
			flushes++
		}
		if count == 0 {
			continue
		}
		data := make([]byte, count) // of a discard: zeroes
		if flags&logDiscard == 0 {
			copy(data, b[at:at+count])
			at += count
		}
		writes = append(writes, func(disk []byte) { copy(disk[place:], data) })
	}
	return writes, flushes
}

// TestVMKilled kills the program, or QEMU under it, at random moments of an edit.
func TestVMKilled(t *testing.T) {
	needs(t)
	image := ext4Image(t, before)
	random := rand.New(rand.NewPCG(*seed, 0))
	edit := func(expr string) *exec.Cmd {
		cmd := exec.Command("virt-edit", "--format=raw", "-a", image, "-m", "/dev/sda", "/etc/file", "-e", expr)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	expressions := map[string]string{before: "s/old/new/", after: "s/new/old/"}
	content := before
	begun := time.Now()
	if err := edit(expressions[content]).Wait(); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(begun)
	changed := 0
	for i := range *kills {
		was := state(t, "before a kill", image)
		if expressions[was] == "" {
			t.Fatalf("seed %d, kill %d: the file has %d bytes that are neither the old nor the new ones", *seed, i, len(was))
		}
		cmd := edit(expressions[was])
		time.Sleep(time.Duration(random.Float64() * float64(whole)))
		victim := cmd.Process.Pid
		if random.IntN(2) == 0 {
			victim = childOf(victim)
		}
		if victim != 0 { // QEMU may not be there yet, or no more
			_ = syscall.Kill(victim, syscall.SIGKILL)
		}
		err := cmd.Wait()
		now := state(t, "after a kill", image)
		if expressions[now] == "" {
			t.Fatalf("seed %d, kill %d: the file has %d bytes that are neither the old nor the new ones", *seed, i, len(now))
		}
		if err == nil && now == was {
			t.Errorf("seed %d, kill %d: the program says that it has edited the file, and has not", *seed, i)
		}
		if now != was {
			changed++
		}
	}
	t.Logf("seed %d: %d kills within %v, %d edits were done", *seed, *kills, whole, changed)
}

// childOf is a child of a process, or 0. The kernel lists them by the thread that made them.
func childOf(pid int) int {
	lists, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if fields := strings.Fields(string(b)); err == nil && len(fields) > 0 {
			child, _ := strconv.Atoi(fields[0])
			return child
		}
	}
	return 0
}
