package api

// forensicCalls are the calls about The Sleuth Kit.
var forensicCalls = []Call{
	{Name: "ntfscat_i", Proc: 463, Args: []Arg{{"device", Mountable}, {"inode", Int64}, {"filename", FileOut}}, Progress: true, Cancellable: true, Since: "1.33.14", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
	{Name: "download_inode", Proc: 464, Args: []Arg{{"device", Mountable}, {"inode", Int64}, {"filename", FileOut}}, Feature: "sleuthkit", Progress: true, Cancellable: true, Since: "1.33.14", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
	{Name: "internal_filesystem_walk", Proc: 466, Args: []Arg{{"device", Mountable}, {"filename", FileOut}}, Feature: "libtsk", Internal: true, Since: "1.33.39", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
	{Name: "download_blocks", Proc: 468, Args: []Arg{{"device", Mountable}, {"start", Int64}, {"stop", Int64}, {"filename", FileOut}}, Opts: []Arg{{"unallocated", Bool}}, Feature: "sleuthkit", Progress: true, Cancellable: true, Since: "1.33.45", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
	{Name: "internal_find_inode", Proc: 470, Args: []Arg{{"device", Mountable}, {"inode", Int64}, {"filename", FileOut}}, Feature: "libtsk", Internal: true, Since: "1.35.6", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
	{Name: "filesystem_walk", Side: Library, Args: []Arg{{"device", Mountable}}, Ret: Ret{Kind: RetStructList, Name: "dirents", Struct: "tsk_dirent"}, Feature: "libtsk", Progress: true, Cancellable: true, Since: "1.33.39", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
	{Name: "find_inode", Side: Library, Args: []Arg{{"device", Mountable}, {"inode", Int64}}, Ret: Ret{Kind: RetStructList, Name: "dirents", Struct: "tsk_dirent"}, Feature: "libtsk", Progress: true, Cancellable: true, Since: "1.35.6", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
}
