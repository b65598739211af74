package api

// ntfsCalls are the calls about ntfs.
var ntfsCalls = []Call{
	{Name: "ntfs_3g_probe", Proc: 110, Args: []Arg{{"rw", Bool}, {"device", Device}}, Ret: Ret{Kind: RetInt, Name: "status"}, Feature: "ntfs3g", Since: "1.0.43", Status: Done, Summary: "tell whether an NTFS volume can be mounted"},
	{Name: "ntfsresize_size", Proc: 250, Args: []Arg{{"device", Device}, {"size", Int64}}, Feature: "ntfsprogs", Deprecated: true, Since: "1.3.14", Status: Done, Summary: "set the size of an NTFS"},
	{Name: "ntfsresize", Proc: 288, Args: []Arg{{"device", Device}}, Opts: []Arg{{"size", Int64}, {"force", Bool}}, Feature: "ntfsprogs", Since: "1.3.2", Status: Done, Summary: "resize an NTFS"},
	{Name: "ntfsfix", Proc: 307, Args: []Arg{{"device", Device}}, Opts: []Arg{{"clearbadsectors", Bool}}, Feature: "ntfs3g", Since: "1.17.9", Status: Done, Summary: "repair common errors of an NTFS"},
	{Name: "ntfsclone_out", Proc: 308, Args: []Arg{{"device", Device}, {"backupfile", FileOut}}, Opts: []Arg{{"metadataonly", Bool}, {"rescue", Bool}, {"ignorefscheck", Bool}, {"preservetimestamps", Bool}, {"force", Bool}}, Feature: "ntfs3g", Cancellable: true, Since: "1.17.9", Status: Done, Summary: "save an NTFS as an image of its used clusters"},
	{Name: "ntfsclone_in", Proc: 309, Args: []Arg{{"backupfile", FileIn}, {"device", Device}}, Feature: "ntfs3g", Cancellable: true, Since: "1.17.9", Status: Done, Summary: "restore an NTFS from an image of ntfsclone_out"},
	{Name: "ntfs_chmod", Proc: 520, Args: []Arg{{"device", Device}, {"mode", Int}, {"path", String}}, Opts: []Arg{{"recursive", Bool}}, Feature: "ntfs3g", Since: "1.55.13", Status: Done, Summary: "set the mode of a file on an NTFS that is not mounted"},
}
