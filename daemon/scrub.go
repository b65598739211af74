package daemon

import "fmt"

// doScrubFile writes patterns over a file and removes it.
func doScrubFile(c *Call, file string) error {
	st, err := c.statGuest(file, true)
	if err != nil {
		return err
	}
	if err := checkRegular(file, &st); err != nil {
		return err
	}
	real, err := c.resolve(file)
	if err != nil {
		return err
	}
	defer c.pulse()()
	if err := c.runOnly("scrub", "-r", real); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// doScrubFreespace fills a new directory with files until the filesystem is
// full, writes patterns over them and removes them.
func doScrubFreespace(c *Call, dir string) error {
	real, err := c.resolveNew(dir)
	if err != nil {
		return err
	}
	defer c.pulse()()
	if err := c.runOnly("scrub", "-X", real); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}
