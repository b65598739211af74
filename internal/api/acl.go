package api

// aclCalls are the calls about access control lists and capabilities.
var aclCalls = []Call{
	{Name: "acl_get_file", Proc: 375, Args: []Arg{{"path", Pathname}, {"acltype", String}}, Ret: Ret{Kind: RetString, Name: "acl"}, Feature: "acl", Since: "1.19.63", Status: Done, Summary: "read the access control list of a file"},
	{Name: "acl_set_file", Proc: 376, Args: []Arg{{"path", Pathname}, {"acltype", String}, {"acl", String}}, Feature: "acl", Since: "1.19.63", Status: Done, Summary: "set the access control list of a file"},
	{Name: "acl_delete_def_file", Proc: 377, Args: []Arg{{"dir", Pathname}}, Feature: "acl", Since: "1.19.63", Status: Done, Summary: "remove the default access control list of a directory"},
	{Name: "cap_get_file", Proc: 378, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetString, Name: "cap"}, Feature: "linuxcaps", Since: "1.19.63", Status: Done, Summary: "read the capabilities of a program"},
	{Name: "cap_set_file", Proc: 379, Args: []Arg{{"path", Pathname}, {"cap", String}}, Feature: "linuxcaps", Since: "1.19.63", Status: Done, Summary: "set the capabilities of a program"},
}
