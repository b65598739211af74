package daemon

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"virt-tools/internal/wire"
)

// runFolded runs a program that says on its standard output what is wrong. An
// exit status of okExit is no failure.
func (c *Call) runFolded(okExit []int, argv ...string) (code int, err error) {
	out, code, err := c.runProgram(&program{argv: argv, okExit: okExit})
	var failed *programError
	if errors.As(err, &failed) {
		failed.stderr = strings.TrimSpace(lastLines(out) + "\n" + failed.stderr)
	}
	return code, err
}

func doTune2fsL(c *Call, device string) ([]wire.Pair, error) {
	out, err := c.run("tune2fs", "-l", device)
	if err != nil {
		return nil, err
	}
	return parseTune2fs(out), nil
}

// parseTune2fs takes lines "Inode count:   2048". What is not set is empty.
func parseTune2fs(out string) []wire.Pair {
	none := []string{"<none>", "<not available>", "(none)"}
	pairs := []wire.Pair{}
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "tune2fs ") {
			continue
		}
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimLeft(value, " \t")
		if slices.Contains(none, value) {
			value = ""
		}
		pairs = append(pairs, wire.Pair{Key: key, Value: value})
	}
	return pairs
}

func doTune2fs(c *Call, device string, opts *tune2fsOpts) error {
	l := optionList{argv: []string{"tune2fs"}}
	l.flag("-f", opts.Force)
	l.count("-c", "", "maxmountcount", opts.Maxmountcount)
	l.count("-C", "", "mountcount", opts.Mountcount)
	l.oneOf("-e", "errorbehavior", opts.Errorbehavior, "continue", "remount-ro", "panic")
	l.count64("-g", "", "group", opts.Group)
	if n := opts.Intervalbetweenchecks; n != nil && *n > 0 {
		l.argv = append(l.argv, "-i", strconv.Itoa(*n)+"s") // seconds, which no manual tells
	} else {
		l.count("-i", "", "intervalbetweenchecks", n)
	}
	l.count("-m", "", "reservedblockspercentage", opts.Reservedblockspercentage)
	l.text("-M", opts.Lastmounteddirectory)
	l.count64("-r", "", "reservedblockscount", opts.Reservedblockscount)
	l.count64("-u", "", "user", opts.User)
	if l.err != nil {
		return l.err
	}
	return c.runOnly(append(l.argv, device)...)
}

func doE2fsck(c *Call, device string, opts *e2fsckOpts) error {
	argv := []string{"e2fsck", "-f"}
	for _, o := range []struct {
		name string
		on   *bool
	}{{"-p", opts.Correct}, {"-y", opts.Forceall}, {"-n", opts.Forceno}} {
		if o.on != nil && *o.on {
			argv = append(argv, o.name)
		}
	}
	if len(argv) > 3 {
		return withErrno(syscall.EINVAL, "only one of the options 'correct', 'forceall' or 'forceno' may be specified")
	}
	if len(argv) == 2 {
		argv = append(argv, "-n") // it would ask, and there is nobody to answer
	}
	const corrected = 1
	_, err := c.runFolded([]int{corrected}, append(argv, device)...)
	return err
}

func doE2fsckF(c *Call, device string) error {
	yes := true
	return doE2fsck(c, device, &e2fsckOpts{Correct: &yes})
}

func doResize2fs(c *Call, device string) error  { return c.resize2fs(device) }
func doResize2fsM(c *Call, device string) error { return c.resize2fs("-M", device) }

func doResize2fsSize(c *Call, device string, size int64) error {
	if size <= 0 || size%1024 != 0 {
		return withErrno(syscall.EINVAL, "%d: size must be a round number of kilobytes", size)
	}
	return c.resize2fs(device, strconv.FormatInt(size/1024, 10)+"K")
}

// resize2fs checks the filesystem first, as resize2fs asks for, unless it is
// mounted.
func (c *Call) resize2fs(args ...string) error {
	defer c.pulse()()
	device := args[slices.IndexFunc(args, isDeviceName)]
	if mountedAt(device) == "" {
		yes := true
		if err := doE2fsck(c, device, &e2fsckOpts{Forceall: &yes}); err != nil {
			return err
		}
	}
	return c.runOnly(append([]string{"resize2fs"}, args...)...)
}

func doZerofree(c *Call, device string) error {
	defer c.pulse()()
	return c.runOnly("zerofree", device)
}

// The calls below are kept for old programs.

func doSetE2label(c *Call, device, label string) error {
	if err := checkLabel("ext2", label); err != nil {
		return err
	}
	return c.runOnly("e2label", device, label)
}

func doGetE2label(c *Call, device string) (string, error) {
	return doVfsLabel(c, mountable{Device: device})
}

// doSetE2uuid also takes tune2fs's words for a UUID: clear, random, time.
func doSetE2uuid(c *Call, device, uuid string) error { return c.runOnly("tune2fs", "-U", uuid, device) }

func doGetE2uuid(c *Call, device string) (string, error) {
	return doVfsUuid(c, mountable{Device: device})
}
