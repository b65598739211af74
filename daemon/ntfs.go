package daemon

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
)

// doNtfs3gProbe returns the exit status of ntfs-3g.probe: 0 when the volume can
// be mounted (ntfs-3g.probe(8)).
func doNtfs3gProbe(c *Call, rw bool, device string) (int, error) {
	how := "-r"
	if rw {
		how = "-w"
	}
	_, code, err := c.runProgram(&program{argv: []string{"ntfs-3g.probe", how, device}})
	var failed *programError
	if errors.As(err, &failed) && failed.signal == 0 {
		return code, nil
	}
	return code, err
}

func doNtfsresizeSize(c *Call, device string, size int64) error {
	return doNtfsresize(c, device, &ntfsresizeOpts{Size: &size})
}

func doNtfsresize(c *Call, device string, opts *ntfsresizeOpts) error {
	l := optionList{argv: []string{"ntfsresize", "-P"}}
	if opts.Size != nil && *opts.Size <= 0 {
		return withErrno(syscall.EINVAL, "size is zero or negative")
	}
	l.count64("--size", "", "size", opts.Size)
	l.flag("--force", opts.Force)
	defer c.pulse()()
	// It asks whether to go on, and takes no answer for a yes.
	if _, err := c.runFolded(nil, append(l.argv, device)...); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

func doNtfsfix(c *Call, device string, opts *ntfsfixOpts) error {
	l := optionList{argv: []string{"ntfsfix"}}
	l.flag("-b", opts.Clearbadsectors)
	if _, err := c.runFolded(nil, append(l.argv, device)...); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

func doNtfscloneOut(c *Call, device string, backupfile io.Writer, o *ntfscloneOutOpts) error {
	l := optionList{argv: []string{"ntfsclone", "-o", "-", "--save-image"}}
	l.flag("--metadata", o.Metadataonly)
	l.flag("--rescue", o.Rescue)
	l.flag("--ignore-fs-check", o.Ignorefscheck)
	l.flag("--preserve-timestamps", o.Preservetimestamps)
	l.flag("--force", o.Force)
	_, _, err := c.runProgram(&program{argv: append(l.argv, device), stdout: backupfile})
	if err != nil {
		err = fmt.Errorf("%s: %w", device, err)
	}
	return err
}

func doNtfscloneIn(c *Call, backupfile io.Reader, device string) error {
	_, _, err := c.runProgram(&program{argv: []string{"ntfsclone", "-O", device, "--restore-image", "-"}, stdin: backupfile})
	if err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

func doNtfsChmod(c *Call, device string, mode int, path string, opts *ntfsChmodOpts) error {
	switch {
	case mode < 0 || mode > 0o7777:
		return withErrno(syscall.EINVAL, "mode %#o is not one", mode)
	case !strings.HasPrefix(path, "/"):
		return withErrno(syscall.EINVAL, "%s: path must start with a / character", path)
	}
	l := optionList{argv: []string{"ntfssecaudit"}}
	l.flag("-r", opts.Recursive)
	if _, err := c.runFolded(nil, append(l.argv, device, strconv.FormatInt(int64(mode), 8), path)...); err != nil {
		return fmt.Errorf("%s: %s: %w", device, path, err)
	}
	return nil
}

func doF2fsExpand(c *Call, device string) error {
	defer c.pulse()()
	_, err := c.runFolded(nil, "resize.f2fs", device)
	return err
}
