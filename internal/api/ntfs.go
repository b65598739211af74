package api

// ntfsCalls are the calls about ntfs.
var ntfsCalls = []Call{
	{Name: "ntfs_3g_probe", Proc: 110, Args: []Arg{{"rw", Bool}, {"device", Device}}, Ret: Ret{Kind: RetInt, Name: "status"}, Feature: "ntfs3g", Since: "1.0.43"},
	{Name: "ntfsresize_size", Proc: 250, Args: []Arg{{"device", Device}, {"size", Int64}}, Feature: "ntfsprogs", Deprecated: true, Since: "1.3.14"},
	{Name: "ntfsresize", Proc: 288, Args: []Arg{{"device", Device}}, Opts: []Arg{{"size", Int64}, {"force", Bool}}, Feature: "ntfsprogs", Since: "1.3.2"},
	{Name: "ntfsfix", Proc: 307, Args: []Arg{{"device", Device}}, Opts: []Arg{{"clearbadsectors", Bool}}, Feature: "ntfs3g", Since: "1.17.9"},
	{Name: "ntfsclone_out", Proc: 308, Args: []Arg{{"device", Device}, {"backupfile", FileOut}}, Opts: []Arg{{"metadataonly", Bool}, {"rescue", Bool}, {"ignorefscheck", Bool}, {"preservetimestamps", Bool}, {"force", Bool}}, Feature: "ntfs3g", Cancellable: true, Since: "1.17.9"},
	{Name: "ntfsclone_in", Proc: 309, Args: []Arg{{"backupfile", FileIn}, {"device", Device}}, Feature: "ntfs3g", Cancellable: true, Since: "1.17.9"},
	{Name: "ntfs_chmod", Proc: 520, Args: []Arg{{"device", Device}, {"mode", Int}, {"path", String}}, Opts: []Arg{{"recursive", Bool}}, Feature: "ntfs3g", Since: "1.55.13"},
}
