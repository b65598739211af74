package api

// xattrCalls are the calls about extended attributes.
var xattrCalls = []Call{
	{Name: "getxattrs", Proc: 141, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStructList, Name: "xattrs", Struct: "xattr"}, Feature: "linuxxattrs", Since: "1.0.59"},
	{Name: "lgetxattrs", Proc: 142, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStructList, Name: "xattrs", Struct: "xattr"}, Feature: "linuxxattrs", Since: "1.0.59"},
	{Name: "setxattr", Proc: 143, Args: []Arg{{"xattr", String}, {"val", String}, {"vallen", Int}, {"path", Pathname}}, Feature: "linuxxattrs", Since: "1.0.59"},
	{Name: "lsetxattr", Proc: 144, Args: []Arg{{"xattr", String}, {"val", String}, {"vallen", Int}, {"path", Pathname}}, Feature: "linuxxattrs", Since: "1.0.59"},
	{Name: "removexattr", Proc: 145, Args: []Arg{{"xattr", String}, {"path", Pathname}}, Feature: "linuxxattrs", Since: "1.0.59"},
	{Name: "lremovexattr", Proc: 146, Args: []Arg{{"xattr", String}, {"path", Pathname}}, Feature: "linuxxattrs", Since: "1.0.59"},
	{Name: "internal_lxattrlist", Proc: 205, Args: []Arg{{"path", Pathname}, {"names", FilenameList}}, Ret: Ret{Kind: RetStructList, Name: "xattrs", Struct: "xattr"}, Feature: "linuxxattrs", Internal: true, Since: "1.19.32"},
	{Name: "getxattr", Proc: 279, Args: []Arg{{"path", Pathname}, {"name", String}}, Ret: Ret{Kind: RetBuffer, Name: "xattr"}, Feature: "linuxxattrs", Since: "1.7.24"},
	{Name: "lgetxattr", Proc: 280, Args: []Arg{{"path", Pathname}, {"name", String}}, Ret: Ret{Kind: RetBuffer, Name: "xattr"}, Feature: "linuxxattrs", Since: "1.7.24"},
	{Name: "lxattrlist", Side: Library, Args: []Arg{{"path", Pathname}, {"names", FilenameList}}, Ret: Ret{Kind: RetStructList, Name: "xattrs", Struct: "xattr"}, Feature: "linuxxattrs", Since: "1.0.77"},
}
