package daemon

import (
	"fmt"
	"path"
	"strings"
)

func doRsync(c *Call, src, dest string, opts *rsyncOpts) error {
	from, err := c.rsyncSource(src)
	if err != nil {
		return err
	}
	to, err := c.resolveNew(dest)
	if err != nil {
		return err
	}
	return c.rsync(from, to, opts.Archive, opts.Deletedest)
}

func doRsyncIn(c *Call, remote, dest string, opts *rsyncInOpts) error {
	to, err := c.resolveNew(dest)
	if err != nil {
		return err
	}
	return c.rsync(remote, to, opts.Archive, opts.Deletedest)
}

func doRsyncOut(c *Call, src, remote string, opts *rsyncOutOpts) error {
	from, err := c.rsyncSource(src)
	if err != nil {
		return err
	}
	return c.rsync(from, remote, opts.Archive, opts.Deletedest)
}

// rsyncSource is where a file of the guest is in the appliance. A slash at its
// end, which means the content of the directory, stays; without one a symbolic
// link stays one.
func (c *Call) rsyncSource(name string) (string, error) {
	if strings.HasSuffix(name, "/") {
		real, err := c.resolve(name)
		return real + "/", err
	}
	dir, base := path.Split(path.Clean(name))
	real, err := c.resolve(dir)
	return path.Join(real, base), err
}

func (c *Call) rsync(from, to string, archive, deletedest *bool) error {
	defer c.pulse()()
	options := &optionList{argv: []string{"rsync"}}
	options.flag("--archive", archive)
	options.flag("--delete", deletedest)
	if err := c.runOnly(append(options.argv, "--", from, to)...); err != nil {
		return fmt.Errorf("'%s' to '%s': %w", from, to, err)
	}
	return nil
}
