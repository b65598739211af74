package daemon

import "fmt"

func doMkswap(c *Call, device string, opts *mkswapOpts) error {
	argv := []string{"mkswap", "-f"}
	if opts.Label != nil {
		if err := checkLabel("swap", *opts.Label); err != nil {
			return err
		}
		argv = append(argv, "-L", *opts.Label)
	}
	if opts.Uuid != nil {
		argv = append(argv, "-U", *opts.Uuid)
	}
	c.wipe(device)
	if _, err := c.run(append(argv, device)...); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

func doMkswapL(c *Call, label, device string) error {
	return doMkswap(c, device, &mkswapOpts{Label: &label})
}

func doMkswapU(c *Call, uuid, device string) error {
	return doMkswap(c, device, &mkswapOpts{Uuid: &uuid})
}
