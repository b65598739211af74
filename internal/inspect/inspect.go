// Package inspect says what operating system a guest's filesystems hold.
//
//	found := inspect.Look(fsys)              // for each filesystem, mounted as fsys
//	found.Device = "/dev/sda2"
//	roots, warnings := inspect.Assemble(all, devices)
//	for _, r := range roots {
//		fmt.Println(r.Device, r.Distro, r.ProductName, r.Mounts)
//	}
//
// Look reads a tree through io/fs and keeps what Assemble needs of it, so that
// nothing is mounted any more when Assemble joins the filesystems of a system
// over the Devices of the caller. Neither mounts anything or lists
// applications. Links must be resolved by the fs.FS, within the guest.
//
// All that is read is a guest's: sizes are bounded, and what cannot be read or
// understood is a warning, never an error.
package inspect

// System is what is known of one operating system. Unknown strings are empty.
type System struct {
	Type              string
	Distro            string
	ProductName       string
	ProductVariant    string
	Major, Minor      int
	BuildID           string
	Arch              string
	Hostname          string
	PackageFormat     string
	PackageManagement string
	Windows           *Windows // nil for others
}

// Role is what a filesystem is for.
type Role string

// Roles of filesystems.
const (
	RoleRoot  Role = "root"
	RoleUsr   Role = "usr"
	RoleSwap  Role = "swap"
	RoleOther Role = "other"
)

// Filesystem is what one filesystem holds. Look does not know its Device and
// its Kind.
type Filesystem struct {
	Device   string // the name to mount it by
	Kind     string // ext4, xfs, ...
	Role     Role
	System   System
	Warnings []string

	// What the system says of its devices.
	Fstab  []Entry
	Crypts []Crypt
	Arrays []Array
	drives []drive // of Windows
}

func (f *Filesystem) warn(list ...string) { f.Warnings = append(f.Warnings, list...) }
