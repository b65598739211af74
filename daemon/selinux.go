package daemon

import "path"

// setfilesSkips are directories that have no labels of their own.
var setfilesSkips = []string{"/dev", "/proc", "/selinux", "/sys"}

// doSetfiles labels files by the rules in a file of the guest. It goes on after
// a file that cannot be labelled.
func doSetfiles(c *Call, specfile string, paths []string, opts *setfilesOpts) error {
	if len(paths) == 0 {
		return nil
	}
	var excludes []string
	if opts.Excludes != nil {
		excludes = *opts.Excludes
	}
	return c.setfiles(specfile, paths, opts.Force, excludes)
}

func doSelinuxRelabel(c *Call, specfile, path string, opts *selinuxRelabelOpts) error {
	return c.setfiles(specfile, []string{path}, opts.Force, nil)
}

func (c *Call) setfiles(specfile string, paths []string, force *bool, excludes []string) error {
	rules, err := c.resolve(specfile)
	if err != nil {
		return err
	}
	options := &optionList{argv: []string{"setfiles"}}
	options.flag("-F", force)
	for _, dir := range append(excludes, setfilesSkips...) {
		if real, err := c.resolve(dir); err == nil { // one that is not there is no matter
			options.argv = append(options.argv, "-e", real)
		}
	}
	// -m: mount points are no reason to stop; -C: exit status 1 is for errors of
	// single files only; -r: rules are for paths without the guest's root.
	options.argv = append(options.argv, "-m", "-C", "-q", "-r", sysroot, rules)
	for _, p := range paths {
		real, err := c.resolve(path.Clean(p))
		if err != nil {
			return err
		}
		options.argv = append(options.argv, real)
	}
	defer c.pulse()()
	const someFailed = 1
	_, _, err = c.runProgram(&program{argv: options.argv, okExit: []int{someFailed}})
	return err
}
