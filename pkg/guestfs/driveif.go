package guestfs

import "regexp"

// The calls of this file are deprecated: there is no kind of interface to
// choose any more, nor a drive that is a CD for the appliance. AddDrive does
// what they do.

// AddCdrom calls add_cdrom: it adds an image read-only.
func (g *Handle) AddCdrom(filename string) error {
	return g.AddDrive(filename, &AddDriveOpts{ReadOnly: true})
}

// AddDriveWithIf calls add_drive_with_if: AddDrive with the name of an
// interface, which has no effect.
func (g *Handle) AddDriveWithIf(filename, iface string) error {
	if err := checkInterface("add_drive_with_if", iface); err != nil {
		return err
	}
	return g.AddDrive(filename, nil)
}

// AddDriveRoWithIf calls add_drive_ro_with_if: AddDriveWithIf, read-only.
func (g *Handle) AddDriveRoWithIf(filename, iface string) error {
	if err := checkInterface("add_drive_ro_with_if", iface); err != nil {
		return err
	}
	return g.AddCdrom(filename)
}

var interfaceForm = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func checkInterface(op, iface string) error {
	if !interfaceForm.MatchString(iface) {
		return invalid(op, "%q is not the name of an interface", iface)
	}
	return nil
}
