package daemon

import (
	"fmt"
	"slices"
	"strconv"
	"syscall"
)

func doMke2fs(c *Call, device string, opts *mke2fsOpts) error {
	argv, err := mke2fsArgs(device, opts)
	if err != nil {
		return err
	}
	return c.mke2fs(device, argv...)
}

// mke2fs runs mke2fs on a device that may have held something else.
func (c *Call) mke2fs(device string, args ...string) error {
	defer c.pulse()()
	c.wipe(device)
	if err := c.runOnly(append([]string{"mke2fs"}, args...)...); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}

// mke2fsArgs is the command line. quotatype has no option of mke2fs: libguestfs
// takes it and does nothing either.
func mke2fsArgs(device string, o *mke2fsOpts) ([]string, error) {
	var l optionList
	l.count64("-b", "", "blocksize", o.Blocksize)
	l.count64("-f", "", "fragsize", o.Fragsize)
	l.flag("-F", o.Forcecreate)
	l.count64("-g", "", "blockspergroup", o.Blockspergroup)
	l.count64("-G", "", "numberofgroups", o.Numberofgroups)
	l.count64("-i", "", "bytesperinode", o.Bytesperinode)
	l.count64("-I", "", "inodesize", o.Inodesize)
	l.count64("-J", "size=", "journalsize", o.Journalsize)
	if o.Journaldevice != nil {
		journal := *o.Journaldevice
		if isDeviceName(journal) {
			var err error
			if journal, err = resolveDevice(journal); err != nil {
				return nil, err
			}
		}
		l.argv = append(l.argv, "-J", "device="+journal)
	}
	if o.Label != nil {
		if err := checkLabel("ext2", *o.Label); err != nil {
			return nil, err
		}
	}
	l.text("-L", o.Label)
	l.count("-m", "", "reservedblockspercentage", o.Reservedblockspercentage)
	l.text("-M", o.Lastmounteddir)
	l.count64("-N", "", "numberofinodes", o.Numberofinodes)
	l.text("-o", o.Creatoros)
	l.flag("-S", o.Writesbandgrouponly)
	if o.Fstype != nil && !slices.Contains(extTypes, *o.Fstype) {
		l.fail("%s: not a valid extended filesystem type", *o.Fstype)
	}
	l.text("-t", o.Fstype)
	l.text("-T", o.Usagetype)
	l.text("-U", o.Uuid)
	// Of several -E or -O mke2fs takes the last, so each comes once.
	e := optionList{err: l.err}
	e.count("", "mmp_update_interval=", "mmpupdateinterval", o.Mmpupdateinterval)
	e.count64("", "stride=", "stridesize", o.Stridesize)
	e.count64("", "stripe_width=", "stripewidth", o.Stripewidth)
	e.count64("", "resize=", "maxonlineresize", o.Maxonlineresize)
	e.either("", "lazy_itable_init=1", "lazy_itable_init=0", o.Lazyitableinit)
	e.either("", "lazy_journal_init=1", "lazy_journal_init=0", o.Lazyjournalinit)
	e.flag("test_fs", o.Testfs)
	e.either("", "discard", "nodiscard", o.Discard)
	l.joined("-E", &e)
	f := optionList{err: l.err}
	for _, feature := range []struct {
		name string
		on   *bool
	}{
		{"extent", o.Extent}, {"filetype", o.Filetype}, {"flex_bg", o.Flexbg}, {"has_journal", o.Hasjournal},
		{"journal_dev", o.Journaldev}, {"large_file", o.Largefile}, {"quota", o.Quota}, {"resize_inode", o.Resizeinode},
		{"sparse_super", o.Sparsesuper}, {"uninit_bg", o.Uninitbg},
	} {
		f.either("", feature.name, "^"+feature.name, feature.on)
	}
	l.joined("-O", &f)
	l.argv = append(l.argv, device)
	if n := o.Blockscount; n != nil {
		if *n < 0 {
			l.fail("blockscount must be >= 0")
		}
		l.argv = append(l.argv, strconv.FormatInt(*n, 10))
	}
	return l.argv, l.err
}

// The calls below are kept for old programs.

func doMke2journal(c *Call, blocksize int, device string) error {
	return c.journalDevice(blocksize, device)
}

func doMke2journalL(c *Call, blocksize int, label, device string) error {
	if err := checkLabel("ext2", label); err != nil {
		return err
	}
	return c.journalDevice(blocksize, device, "-L", label)
}

func doMke2journalU(c *Call, blocksize int, uuid, device string) error {
	return c.journalDevice(blocksize, device, "-U", uuid)
}

func (c *Call) journalDevice(blocksize int, device string, args ...string) error {
	args = append([]string{"-F", "-O", "journal_dev", "-b", strconv.Itoa(blocksize)}, args...)
	return c.mke2fs(device, append(args, device)...)
}

func doMke2fsJ(c *Call, fstype string, blocksize int, device, journal string) error {
	return c.withJournal(fstype, blocksize, device, journal)
}

func doMke2fsJL(c *Call, fstype string, blocksize int, device, label string) error {
	if err := checkLabel("ext2", label); err != nil {
		return err
	}
	return c.withJournal(fstype, blocksize, device, "LABEL="+label)
}

func doMke2fsJU(c *Call, fstype string, blocksize int, device, uuid string) error {
	return c.withJournal(fstype, blocksize, device, "UUID="+uuid)
}

func (c *Call) withJournal(fstype string, blocksize int, device, journal string) error {
	if !slices.Contains(extTypes, fstype) {
		return withErrno(syscall.EINVAL, "%s: not a valid extended filesystem type", fstype)
	}
	return c.mke2fs(device, "-F", "-t", fstype, "-J", "device="+journal, "-b", strconv.Itoa(blocksize), device)
}
