package daemon

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// doSyslinux makes a FAT filesystem bootable. SYSLINUX writes to the device
// itself, through the programs of mtools, which it starts by a shell: a
// directory has no characters in it that mean something to that.
func doSyslinux(c *Call, device string, opts *syslinuxOpts) error {
	if _, err := mountOf(device); err == nil {
		return withErrno(syscall.EBUSY, "%s: SYSLINUX cannot be installed while it is mounted", device)
	}
	argv := []string{"syslinux", "--install", "--force"}
	if opts.Directory != nil && strings.Trim(*opts.Directory, "/") != "" {
		dir := strings.Trim(*opts.Directory, "/")
		if err := c.checkFATDirectory(device, dir); err != nil {
			return err
		}
		argv = append(argv, "--directory", dir)
	}
	_, err := c.run(append(argv, device)...)
	return err
}

// checkFATDirectory finds out whether a FAT filesystem has a directory:
// without it SYSLINUX would only warn, and leave its files elsewhere.
func (c *Call) checkFATDirectory(device, dir string) error {
	for _, r := range dir {
		if !strings.ContainsRune("/._-+", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return withErrno(syscall.EINVAL, "%q: SYSLINUX takes only letters, digits and /._-+ in the name of a directory", dir)
		}
	}
	if strings.HasPrefix(dir, "-") {
		return withErrno(syscall.EINVAL, "%q: the name of a directory cannot begin with a dash here", dir)
	}
	_, _, err := c.runProgram(&program{argv: []string{"mattrib", "-p", "-i", device, "::/" + dir + "/."}, env: []string{"MTOOLS_SKIP_CHECK=1"}})
	var failed *programError
	if errors.As(err, &failed) {
		return withErrno(syscall.ENOENT, "%s: no directory %s: %w", device, dir, err)
	}
	return err
}

// doExtlinux installs EXTLINUX into a directory of the guest and into the boot
// sector of the filesystem that it is on.
func doExtlinux(c *Call, directory string) error {
	dir, err := c.resolve(directory)
	if err != nil {
		return err
	}
	st, err := os.Lstat(dir)
	if err == nil && !st.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return &fs.PathError{Op: "extlinux", Path: directory, Err: err}
	}
	_, err = c.run("extlinux", "--install", dir)
	return err
}
