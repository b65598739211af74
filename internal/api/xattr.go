package api

// xattrCalls are the calls about extended attributes.
var xattrCalls = []Call{
	{Name: "getxattrs", Proc: 141, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStructList, Name: "xattrs", Struct: "xattr"}, Feature: "linuxxattrs", Since: "1.0.59", Status: Done, Summary: "list the extended attributes of a file"},
	{Name: "lgetxattrs", Proc: 142, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStructList, Name: "xattrs", Struct: "xattr"}, Feature: "linuxxattrs", Since: "1.0.59", Status: Done, Summary: "list the extended attributes of a file or link"},
	{Name: "setxattr", Proc: 143, Args: []Arg{{"xattr", String}, {"val", String}, {"vallen", Int}, {"path", Pathname}}, Feature: "linuxxattrs", Since: "1.0.59", Status: Done, Summary: "set an extended attribute of a file"},
	{Name: "lsetxattr", Proc: 144, Args: []Arg{{"xattr", String}, {"val", String}, {"vallen", Int}, {"path", Pathname}}, Feature: "linuxxattrs", Since: "1.0.59", Status: Done, Summary: "set an extended attribute of a file or link"},
	{Name: "removexattr", Proc: 145, Args: []Arg{{"xattr", String}, {"path", Pathname}}, Feature: "linuxxattrs", Since: "1.0.59", Status: Done, Summary: "remove an extended attribute of a file"},
	{Name: "lremovexattr", Proc: 146, Args: []Arg{{"xattr", String}, {"path", Pathname}}, Feature: "linuxxattrs", Since: "1.0.59", Status: Done, Summary: "remove an extended attribute of a file or link"},
	{Name: "internal_lxattrlist", Proc: 205, Args: []Arg{{"path", Pathname}, {"names", FilenameList}}, Ret: Ret{Kind: RetStructList, Name: "xattrs", Struct: "xattr"}, Feature: "linuxxattrs", Internal: true, Since: "1.19.32", Status: Done, Summary: "extended attributes of several files of a directory"},
	{Name: "getxattr", Proc: 279, Args: []Arg{{"path", Pathname}, {"name", String}}, Ret: Ret{Kind: RetBuffer, Name: "xattr"}, Feature: "linuxxattrs", Since: "1.7.24", Status: Done, Summary: "read an extended attribute of a file"},
	{Name: "lgetxattr", Proc: 280, Args: []Arg{{"path", Pathname}, {"name", String}}, Ret: Ret{Kind: RetBuffer, Name: "xattr"}, Feature: "linuxxattrs", Since: "1.7.24", Status: Done, Summary: "read an extended attribute of a file or link"},
	{Name: "lxattrlist", Side: Library, Args: []Arg{{"path", Pathname}, {"names", FilenameList}}, Ret: Ret{Kind: RetStructList, Name: "xattrs", Struct: "xattr"}, Feature: "linuxxattrs", Since: "1.0.77", Status: Done, Summary: "extended attributes of several files of a directory"},
}
