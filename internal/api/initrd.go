package api

// initrdCalls are the calls about initial RAM disks.
var initrdCalls = []Call{
	{Name: "initrd_list", Proc: 128, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "filenames"}, Since: "1.0.54", Status: Done, Summary: "list the files in an initial RAM disk"},
	{Name: "initrd_cat", Proc: 221, Args: []Arg{{"initrdpath", Pathname}, {"filename", String}}, Ret: Ret{Kind: RetBuffer, Name: "content"}, Since: "1.0.84", Status: Done, Summary: "content of a file in an initial RAM disk"},
}
