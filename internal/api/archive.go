package api

// archiveCalls are the calls about archives and copying trees.
var archiveCalls = []Call{
	{Name: "tar_in", Proc: 69, Args: []Arg{{"tarfile", FileIn}, {"directory", Pathname}}, Opts: []Arg{{"compress", String}, {"xattrs", Bool}, {"selinux", Bool}, {"acls", Bool}, {"keepdirlink", Bool}}, Cancellable: true, Since: "1.0.3", Status: Done, Summary: "unpack a tar archive into a directory"},
	{Name: "tar_out", Proc: 70, Args: []Arg{{"directory", String}, {"tarfile", FileOut}}, Opts: []Arg{{"compress", String}, {"numericowner", Bool}, {"excludes", StringList}, {"xattrs", Bool}, {"selinux", Bool}, {"acls", Bool}}, Cancellable: true, Since: "1.0.3", Status: Done, Summary: "pack a directory into a tar archive"},
	{Name: "tgz_in", Proc: 71, Args: []Arg{{"tarball", FileIn}, {"directory", Pathname}}, Cancellable: true, Deprecated: true, Since: "1.0.3"},
	{Name: "tgz_out", Proc: 72, Args: []Arg{{"directory", Pathname}, {"tarball", FileOut}}, Cancellable: true, Deprecated: true, Since: "1.0.3"},
	{Name: "txz_in", Proc: 229, Args: []Arg{{"tarball", FileIn}, {"directory", Pathname}}, Feature: "xz", Cancellable: true, Deprecated: true, Since: "1.3.2"},
	{Name: "txz_out", Proc: 230, Args: []Arg{{"directory", Pathname}, {"tarball", FileOut}}, Feature: "xz", Cancellable: true, Deprecated: true, Since: "1.3.2"},
	{Name: "base64_in", Proc: 242, Args: []Arg{{"base64file", FileIn}, {"filename", Pathname}}, Cancellable: true, Since: "1.3.5"},
	{Name: "base64_out", Proc: 243, Args: []Arg{{"filename", Pathname}, {"base64file", FileOut}}, Cancellable: true, Since: "1.3.5"},
	{Name: "compress_out", Proc: 291, Args: []Arg{{"ctype", String}, {"file", Pathname}, {"zfile", FileOut}}, Opts: []Arg{{"level", Int}}, Cancellable: true, Since: "1.13.15"},
	{Name: "compress_device_out", Proc: 292, Args: []Arg{{"ctype", String}, {"device", Device}, {"zdevice", FileOut}}, Opts: []Arg{{"level", Int}}, Cancellable: true, Since: "1.13.15"},
	{Name: "rsync", Proc: 344, Args: []Arg{{"src", Pathname}, {"dest", Pathname}}, Opts: []Arg{{"archive", Bool}, {"deletedest", Bool}}, Feature: "rsync", Since: "1.19.29"},
	{Name: "rsync_in", Proc: 345, Args: []Arg{{"remote", String}, {"dest", Pathname}}, Opts: []Arg{{"archive", Bool}, {"deletedest", Bool}}, Feature: "rsync", Since: "1.19.29"},
	{Name: "rsync_out", Proc: 346, Args: []Arg{{"src", Pathname}, {"remote", String}}, Opts: []Arg{{"archive", Bool}, {"deletedest", Bool}}, Feature: "rsync", Since: "1.19.29"},
	{Name: "cpio_out", Proc: 419, Args: []Arg{{"directory", String}, {"cpiofile", FileOut}}, Opts: []Arg{{"format", String}}, Cancellable: true, Since: "1.27.9"},
	{Name: "copy_in", Side: Library, Args: []Arg{{"localpath", String}, {"remotedir", Pathname}}, Since: "1.29.24"},
	{Name: "copy_out", Side: Library, Args: []Arg{{"remotepath", Pathname}, {"localdir", String}}, Since: "1.29.24"},
}
