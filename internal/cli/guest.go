package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"
)

// Guest are the options that say which guest a tool works on. A tool embeds it in its
// options and calls Check before, and Drives after, it trusts them.
//
// Order counts: --format and --blocksize hold for the -a after them, until they
// are given again, and the first -a is the guest's /dev/sda.
type Guest struct {
	Add       addOption       `short:"a" placeholder:"FILE" complete:"file" help:"Add a disk image."`
	Blocksize blocksizeOption `value:"optional" placeholder:"512|4096" complete:"512,4096" help:"Set the sector size of the disks that follow."`
	Connect   string          `short:"c" placeholder:"URI" help:"Connect to this libvirt."`
	Domain    domainOption    `short:"d" placeholder:"NAME" help:"Add the disks of a libvirt domain."`
	Freeze    bool            `help:"Have the filesystems of a running domain frozen while they are read."`
	Format    formatOption    `value:"optional" placeholder:"FORMAT" complete:"raw,qcow2,vmdk,vdi,vpc,vhdx" help:"Set the format of the disks that follow."`

	drives    []Drive
	format    string // for the next -a
	blocksize int    // for the next -a, 0: the default
	libvirt   *connection
	unused    string // "--format" while no -a has followed it
}

// The values of these options go into Guest.drives, in order, not into the fields.
type (
	addOption       struct{}
	blocksizeOption struct{}
	domainOption    struct{}
	formatOption    struct{}
)

// Drive is one disk image, or the libvirt domain whose disks are meant.
type Drive struct {
	File      string // on the host
	URI       string // or on the network
	Domain    string // or those of a domain
	Format    string // "": detect it
	Blocksize int    // of a sector; 0: the default

	guessed bool // the domain was an argument that is no file
	listed  bool // the domain is one of those that libvirt listed, so this is a name
}

func (g *Guest) guest() *Guest { return g }

// Drives are the disks and domains given, in order.
func (g *Guest) Drives() []Drive { return g.drives }

// Name is what the tools call a guest made of disk images: the first one's base name, and
// a "+" for each further one.
func (g *Guest) Name() string {
	if len(g.drives) == 0 {
		return ""
	}
	return g.drives[0].displayName() + strings.Repeat("+", len(g.drives)-1)
}

// Positional takes arguments for disks or domains, the old way of naming them: one with a
// slash, or one that exists, is a disk image, any other a domain. It must not be used
// with -a or -d.
func (g *Guest) Positional(args []string) error {
	if len(args) > 0 && len(g.drives) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	for _, arg := range args {
		var err error
		if _, statErr := os.Lstat(arg); strings.Contains(arg, "/") || statErr == nil {
			err = g.add(arg)
		} else {
			if err = g.addDomain(arg); err == nil {
				g.drives[len(g.drives)-1].guessed = true
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Check reports what can be known to be wrong before anything is started.
func (g *Guest) Check() error {
	if g.unused != "" {
		return fmt.Errorf("%s must come before the -a that it is for", g.unused)
	}
	domains := len(g.drives) == 0 // a tool may then take all of them
	for _, drive := range g.drives {
		switch {
		case drive.Domain != "":
			domains = true
		case drive.File != "":
			if err := checkReadable(drive.File); err != nil {
				return err
			}
		}
	}
	switch {
	case domains:
	case g.Connect != "":
		return errors.New("-c is for libvirt domains: there is no -d")
	case g.Freeze:
		return errors.New("--freeze is for libvirt domains: there is no -d")
	}
	return nil
}

func checkReadable(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return &fs.PathError{Op: "open", Path: file, Err: errors.Unwrap(err)}
	}
	if info.IsDir() {
		return Hint(&fs.PathError{Op: "open", Path: file, Err: syscall.EISDIR}, "-a needs a disk image")
	}
	// Opening it would block on a pipe and disturb some devices.
	if err := unix.Faccessat(unix.AT_FDCWD, file, unix.R_OK, unix.AT_EACCESS); err != nil {
		return Hint(&fs.PathError{Op: "open", Path: file, Err: err}, "run it as a user who may read the image")
	}
	return nil
}

// mappers let kong hand over the values in the order of the command line.
func (g *Guest) mappers() []kong.Option {
	return []kong.Option{
		inOrder(addOption{}, g.add),
		inOrder(domainOption{}, g.addDomain),
		inOrder(formatOption{}, g.setFormat),
		inOrder(blocksizeOption{}, g.setBlocksize),
	}
}

// inOrder makes kong call set for each option of the type of field.
func inOrder(field any, set func(string) error) kong.Option {
	return kong.TypeMapper(reflect.TypeOf(field), mapper(set))
}

func (g *Guest) add(value string) error {
	drive, err := parseDisk(value)
	if err != nil {
		return err
	}
	drive.Format, drive.Blocksize = g.format, g.blocksize
	g.drives = append(g.drives, drive)
	g.unused = ""
	return nil
}

func (g *Guest) addDomain(name string) error {
	if name == "" {
		return errors.New("the name of a domain cannot be empty")
	}
	g.drives = append(g.drives, Drive{Domain: name})
	return nil
}

func (g *Guest) setFormat(format string) error {
	g.format, g.unused = format, "--format"
	return nil
}

func (g *Guest) setBlocksize(bytes string) error {
	sizes := map[string]int{"": 0, "512": 512, "4096": 4096}
	size, ok := sizes[bytes]
	if !ok {
		return fmt.Errorf("%q is not a sector size: it must be 512 or 4096", bytes)
	}
	g.blocksize, g.unused = size, "--blocksize"
	return nil
}
