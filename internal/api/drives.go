package api

// drivesCalls are the calls about drives.
var drivesCalls = []Call{
	{Name: "add_cdrom", Side: Library, Args: []Arg{{"filename", String}}, Deprecated: true, Since: "0.0.3", Status: Done, Summary: "add a disk image read-only"},
	{Name: "add_domain", Side: Library, Args: []Arg{{"dom", String}}, Opts: []Arg{{"libvirturi", String}, {"readonly", Bool}, {"iface", String}, {"live", Bool}, {"allowuuid", Bool}, {"readonlydisk", String}, {"cachemode", String}, {"discard", String}, {"copyonread", Bool}}, Ret: Ret{Kind: RetInt, Name: "nrdisks"}, Since: "1.7.4", Status: Done, Summary: "add the disks of a libvirt domain"},
	{Name: "add_drive", Side: Library, Args: []Arg{{"filename", String}}, Opts: []Arg{{"readonly", Bool}, {"format", String}, {"iface", String}, {"name", String}, {"label", String}, {"protocol", String}, {"server", StringList}, {"username", String}, {"secret", String}, {"cachemode", String}, {"discard", String}, {"copyonread", Bool}, {"blocksize", Int}}, Since: "0.0.3", Status: Done, Summary: "add a disk image"},
	{Name: "add_drive_ro", Side: Library, Args: []Arg{{"filename", String}}, Since: "1.0.38", Status: Done, Summary: "add a disk image read-only"},
	{Name: "add_drive_ro_with_if", Side: Library, Args: []Arg{{"filename", String}, {"iface", String}}, Deprecated: true, Since: "1.0.84", Status: Done, Summary: "add a disk image read-only"},
	{Name: "add_drive_scratch", Side: Library, Args: []Arg{{"size", Int64}}, Opts: []Arg{{"name", String}, {"label", String}, {"blocksize", Int}}, Since: "1.23.10", Status: Done, Summary: "add an empty temporary disk"},
	{Name: "add_drive_with_if", Side: Library, Args: []Arg{{"filename", String}, {"iface", String}}, Deprecated: true, Since: "1.0.84", Status: Done, Summary: "add a disk image"},
	{Name: "add_libvirt_dom", Side: Library, Args: []Arg{{"dom", Pointer}}, Opts: []Arg{{"readonly", Bool}, {"iface", String}, {"live", Bool}, {"readonlydisk", String}, {"cachemode", String}, {"discard", String}, {"copyonread", Bool}}, Ret: Ret{Kind: RetInt, Name: "nrdisks"}, Since: "1.29.14", Status: Done, Summary: "add the disks of a libvirt domain that was looked up"},
	{Name: "disk_create", Side: Library, Args: []Arg{{"filename", String}, {"format", String}, {"size", Int64}}, Opts: []Arg{{"backingfile", String}, {"backingformat", String}, {"preallocation", String}, {"compat", String}, {"clustersize", Int}}, Since: "1.25.31", Status: Done, Summary: "make an empty disk image"},
	{Name: "disk_format", Side: Library, Args: []Arg{{"filename", String}}, Ret: Ret{Kind: RetString, Name: "format"}, Since: "1.19.38", Status: Done, Summary: "format of a disk image"},
	{Name: "disk_has_backing_file", Side: Library, Args: []Arg{{"filename", String}}, Ret: Ret{Kind: RetBool, Name: "backingfile"}, Since: "1.19.39", Status: Done, Summary: "whether a disk image has one below it"},
	{Name: "disk_virtual_size", Side: Library, Args: []Arg{{"filename", String}}, Ret: Ret{Kind: RetInt64, Name: "size"}, Since: "1.19.39", Status: Done, Summary: "size of the disk in an image"},
	{Name: "max_disks", Side: Library, Ret: Ret{Kind: RetInt, Name: "disks"}, Since: "1.19.7", Status: Done, Summary: "number of drives that can be added"},
	{Name: "remove_drive", Side: Library, Args: []Arg{{"label", String}}, Deprecated: true, Since: "1.19.49", Status: Done, Summary: "take out a drive by its label"},
}
