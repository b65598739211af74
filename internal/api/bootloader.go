package api

// bootloaderCalls are the calls about boot loaders.
var bootloaderCalls = []Call{
	{Name: "grub_install", Proc: 86, Args: []Arg{{"root", Pathname}, {"device", Device}}, Feature: "grub", Since: "1.0.17", Status: NotPlanned, Note: "needs GRUB's images for the guest's machine in the appliance; libguestfs has them not either, on Debian, and fails: run the guest's own grub-install with command"},
	{Name: "syslinux", Proc: 399, Args: []Arg{{"device", Device}}, Opts: []Arg{{"directory", String}}, Feature: "syslinux", Since: "1.21.27", Status: Done, Summary: "make a FAT filesystem boot with SYSLINUX"},
	{Name: "extlinux", Proc: 400, Args: []Arg{{"directory", Pathname}}, Feature: "extlinux", Since: "1.21.27", Status: Done, Summary: "make a filesystem boot with EXTLINUX"},
}
