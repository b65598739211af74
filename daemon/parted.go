package daemon

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"virt-tools/internal/wire"
)

// parted runs parted on a disk. It tells the kernel of each partition that it
// makes, moves or removes, and the device nodes are there when it ends.
func (c *Call) parted(device string, command ...string) error {
	argv := slices.Concat([]string{"parted", "-s", "--", device}, command)
	_, err := c.runParted(&program{argv: argv}, device)
	return partedDone(device, err)
}

// partedShrink moves the end of a partition back. With -s parted never does
// that: it asks, whether data may be lost. It gets one yes, so that nothing
// else that it may ask is answered.
func (c *Call) partedShrink(device string, num int, end int64) error {
	argv := []string{"parted", "---pretend-input-tty", "--", device, "resizepart", strconv.Itoa(num), sector(end)}
	_, err := c.runParted(&program{argv: argv, stdin: strings.NewReader("Yes\n")}, device)
	return partedDone(device, err)
}

// partedDone follows a change of a table.
func partedDone(device string, err error) error {
	if !isDeviceName(device) {
		return err // a file, in tests
	}
	return errors.Join(err, linkDiskLabels())
}

// runParted turns parted's "unrecognised disk label" into EINVAL, by which
// libguestfs's users tell a disk without a table from other errors.
func (c *Call) runParted(p *program, device string) (string, error) {
	out, _, err := c.runProgram(p)
	var failed *programError
	if !errors.As(err, &failed) {
		return out, err
	}
	if failed.stderr == "" {
		failed.stderr = lastLines(out)
	}
	if strings.Contains(failed.stderr, "unrecognised disk label") {
		return "", withErrno(syscall.EINVAL, "parted: %s: unrecognised disk label", device)
	}
	return "", fmt.Errorf("%s: %w", device, failed)
}

// partedTable is what parted says of a disk: for labels that are neither GPT
// nor MBR, for filesystems on a whole disk ("loop"), and for damaged tables.
type partedTable struct {
	label string
	parts []wire.Partition
	flags map[int32]string // by number
}

func (c *Call) partedPrint(device string) (*partedTable, error) {
	out, err := c.runParted(&program{argv: []string{"parted", "-m", "-s", "--", device, "unit", "b", "print"}}, device)
	if err != nil {
		return nil, err
	}
	return parsePartedPrint(out)
}

// bootable tells whether parted lists a flag with "boot" in its name.
func (t *partedTable) bootable(num int) (bool, error) {
	flags, ok := t.flags[int32(num)]
	if !ok {
		return false, withErrno(syscall.ENOENT, "partition number %d not found", num)
	}
	return strings.Contains(flags, "boot"), nil
}

// parsePartedPrint reads the output of parted -m: a line "BYT;", one of the
// disk and one of each partition, their fields set apart by colons.
func parsePartedPrint(out string) (*partedTable, error) {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) < 2 || strings.TrimSpace(lines[0]) != "BYT;" {
		return nil, fmt.Errorf("parted: output without a table: %q", lines[0])
	}
	disk := partedFields(lines[1])
	if len(disk) < 6 {
		return nil, fmt.Errorf("parted: cannot read %q", lines[1])
	}
	t := &partedTable{label: disk[5], parts: []wire.Partition{}, flags: map[int32]string{}}
	for _, line := range lines[2:] {
		f := partedFields(line)
		if len(f) < 7 {
			return nil, fmt.Errorf("parted: cannot read %q", line)
		}
		var n [4]int64
		for i := range n {
			var err error
			if n[i], err = strconv.ParseInt(strings.TrimSuffix(f[i], "B"), 10, 64); err != nil {
				return nil, fmt.Errorf("parted: cannot read %q: %w", line, err)
			}
		}
		t.parts = append(t.parts, wire.Partition{PartNum: int32(n[0]), PartStart: n[1], PartEnd: n[2], PartSize: n[3]})
		t.flags[int32(n[0])] = f[6]
	}
	return t, nil
}

// partedFields splits a line at colons that no backslash precedes.
func partedFields(line string) []string {
	var fields []string
	var field strings.Builder
	line = strings.TrimSuffix(strings.TrimSpace(line), ";")
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			field.WriteByte(line[i])
		case line[i] == ':':
			fields = append(fields, field.String())
			field.Reset()
		default:
			field.WriteByte(line[i])
		}
	}
	return append(fields, field.String())
}

// quotePartedWord guards a word from parted, which takes quotes away.
func quotePartedWord(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// hasFakeMBR tells whether the first sector is that of a FAT filesystem to
// which mkfs.fat added one partition entry, beginning at the filesystem itself.
// For parted there is no table; the kernel and libguestfs see an MBR.
func hasFakeMBR(device string) bool {
	f, err := os.Open(device)
	if err != nil {
		return false
	}
	defer f.Close()
	sector := make([]byte, 512)
	if readFull(f, sector, 0) != nil || !hasMBRSignature(sector) || string(sector[3:11]) != "mkfs.fat" {
		return false
	}
	entry := sector[mbrEntries:]
	e := parseMBREntry(sector, 0)
	return string(entry[:4]) == "\x80\x00\x01\x00" && e.start == 0 && slices.Contains([]byte{0x01, 0x04, 0x06, 0x0c, 0x0e}, e.kind)
}
