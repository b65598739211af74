package api

// mountCalls are the calls about mounting.
var mountCalls = []Call{
	{Name: "mount", Proc: 1, Args: []Arg{{"mountable", Mountable}, {"mountpoint", String}}, Since: "0.0.3", Status: Done, Summary: "mount a filesystem"},
	{Name: "umount", Proc: 45, Args: []Arg{{"pathordevice", DeviceOrPath}}, Opts: []Arg{{"force", Bool}, {"lazyunmount", Bool}}, Since: "0.0.8", Status: Done, Summary: "unmount a filesystem"},
	{Name: "mounts", Proc: 46, Ret: Ret{Kind: RetStringList, Name: "devices", Elem: Mountable}, Since: "0.0.8", Status: Done, Summary: "list the mounted devices"},
	{Name: "umount_all", Proc: 47, Since: "0.0.8", Status: Done, Summary: "unmount all filesystems"},
	{Name: "mount_ro", Proc: 73, Args: []Arg{{"mountable", Mountable}, {"mountpoint", String}}, Since: "1.0.10", Status: Done, Summary: "mount a filesystem read-only"},
	{Name: "mount_options", Proc: 74, Args: []Arg{{"options", String}, {"mountable", Mountable}, {"mountpoint", String}}, Since: "1.0.10", Status: Done, Summary: "mount a filesystem with mount options"},
	{Name: "mount_vfs", Proc: 75, Args: []Arg{{"options", String}, {"vfstype", String}, {"mountable", Mountable}, {"mountpoint", String}}, Since: "1.0.10", Status: Done, Summary: "mount a filesystem with mount options and a filesystem type"},
	{Name: "mount_loop", Proc: 129, Args: []Arg{{"file", Pathname}, {"mountpoint", Pathname}}, Since: "1.0.54", Status: Done, Summary: "mount a filesystem that is in a file"},
	{Name: "mountpoints", Proc: 147, Ret: Ret{Kind: RetHashtable, Name: "mps", Elem: Mountable}, Since: "1.0.62", Status: Done, Summary: "list the mounted devices and where they are mounted"},
	{Name: "mkmountpoint", Proc: 148, Args: []Arg{{"exemptpath", String}}, Since: "1.0.62", Status: Done, Summary: "create a mount point outside the guest's root"},
	{Name: "rmmountpoint", Proc: 149, Args: []Arg{{"exemptpath", String}}, Since: "1.0.62", Status: Done, Summary: "remove a mount point made by mkmountpoint"},
	{Name: "list_9p", Proc: 285, Ret: Ret{Kind: RetStringList, Name: "mounttags"}, Deprecated: true, Since: "1.11.12", Status: NotPlanned, Note: "libguestfs 1.48 took 9p support out; the call fails there too"},
	{Name: "mount_9p", Proc: 286, Args: []Arg{{"mounttag", String}, {"mountpoint", String}}, Opts: []Arg{{"options", String}}, Deprecated: true, Since: "1.11.12", Status: NotPlanned, Note: "libguestfs 1.48 took 9p support out; the call fails there too"},
	{Name: "remount", Proc: 402, Args: []Arg{{"mountpoint", Pathname}}, Opts: []Arg{{"rw", Bool}}, Explicit: []string{"rw"}, Since: "1.23.2", Status: Done, Summary: "change a mounted filesystem to read-only or read-write"},
	{Name: "mount_local", Side: Library, Args: []Arg{{"localmountpoint", String}}, Opts: []Arg{{"readonly", Bool}, {"options", String}, {"cachetimeout", Int}, {"debugcalls", Bool}}, Since: "1.17.22", Status: Done, Summary: "mount the guest on a folder of the host"},
	{Name: "mount_local_run", Side: Library, Cancellable: true, Since: "1.17.22", Status: Done, Summary: "serve the folder of mount_local until it is unmounted"},
	{Name: "mountable_device", Side: Library, Args: []Arg{{"mountable", Mountable}}, Ret: Ret{Kind: RetString, Name: "device", Elem: Device}, Since: "1.33.15", Status: Done, Summary: "device part of a mountable"},
	{Name: "mountable_subvolume", Side: Library, Args: []Arg{{"mountable", Mountable}}, Ret: Ret{Kind: RetString, Name: "subvolume"}, Since: "1.33.15", Status: Done, Summary: "subvolume part of a mountable"},
	{Name: "umount_local", Side: Library, Opts: []Arg{{"retry", Bool}}, Since: "1.17.22", Status: Done, Summary: "unmount the folder of mount_local"},
}
