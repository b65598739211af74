package daemon

import (
	"strconv"
	"strings"
	"syscall"
)

// The calls of old scripts that hand lines to sfdisk. The sfdisk of today
// counts in sectors and knows no geometry; libguestfs passes on what sfdisk
// says to that.

// doSfdisk writes a new table. The lines are sfdisk's own: START,SIZE,TYPE.
func doSfdisk(c *Call, device string, cyls, heads, sectors int, lines []string) error {
	if err := noGeometry(cyls, heads, sectors); err != nil {
		return err
	}
	return c.sfdisk(device, lines)
}

// doSfdiskN changes one partition.
func doSfdiskN(c *Call, device string, partnum, cyls, heads, sectors int, line string) error {
	if err := noGeometry(cyls, heads, sectors); err != nil {
		return err
	}
	if partnum < 1 {
		return errPartNum
	}
	return c.sfdisk(device, []string{line}, "-N", strconv.Itoa(partnum))
}

// doSfdiskM writes a new table from lines whose numbers are megabytes. sfdisk
// had an option for that and dropped it; libguestfs's call fails with it.
func doSfdiskM(c *Call, device string, lines []string) error {
	inMiB := make([]string, len(lines))
	for i, line := range lines {
		inMiB[i] = megabytes(line)
	}
	return c.sfdisk(device, inMiB)
}

// megabytes gives the bare numbers of a line, its start and its size, the unit
// MiB.
func megabytes(line string) string {
	fields := strings.Split(line, ",")
	for i := range fields {
		f := strings.TrimSpace(fields[i])
		if i > 1 {
			break
		}
		if digits := strings.TrimPrefix(f, "+"); digits != "" && strings.Trim(digits, "0123456789") == "" {
			fields[i] = f + "MiB"
		}
	}
	return strings.Join(fields, ",")
}

func noGeometry(cyls, heads, sectors int) error {
	if cyls != 0 || heads != 0 || sectors != 0 {
		return withErrno(syscall.EINVAL, "sfdisk knows no cylinders, heads and sectors any more: give 0 for each, and count in sectors")
	}
	return nil
}

// sfdisk hands lines to sfdisk, which refuses a disk that is in use. The kernel
// is told afterwards: sfdisk would wait a while for udev, which is not there.
func (c *Call) sfdisk(device string, lines []string, options ...string) error {
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n") {
			return withErrno(syscall.EINVAL, "%s: a line of sfdisk with an end of line in it", device)
		}
	}
	argv := append([]string{"sfdisk", "--no-tell-kernel"}, options...)
	input := strings.Join(lines, "\n") + "\n"
	if _, _, err := c.runProgram(&program{argv: append(argv, device), stdin: strings.NewReader(input)}); err != nil {
		return err
	}
	return rereadTable(device)
}

func doSfdiskL(c *Call, device string) (string, error) { return c.run("sfdisk", "-l", device) }

// doSfdiskKernelGeometry and doSfdiskDiskGeometry give the same: sfdisk no
// longer tells the geometry that the kernel believes in from that in the table.
func doSfdiskKernelGeometry(c *Call, device string) (string, error) {
	return c.run("sfdisk", "-g", device)
}

func doSfdiskDiskGeometry(c *Call, device string) (string, error) {
	return c.run("sfdisk", "-g", device)
}
