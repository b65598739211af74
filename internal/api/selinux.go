package api

// selinuxCalls are the calls about SELinux labels.
var selinuxCalls = []Call{
	{Name: "setcon", Proc: 185, Args: []Arg{{"context", String}}, Feature: "selinux", Deprecated: true, Since: "1.0.67"},
	{Name: "getcon", Proc: 186, Ret: Ret{Kind: RetString, Name: "context"}, Feature: "selinux", Deprecated: true, Since: "1.0.67"},
	{Name: "selinux_relabel", Proc: 467, Args: []Arg{{"specfile", String}, {"path", Pathname}}, Opts: []Arg{{"force", Bool}}, Feature: "selinuxrelabel", Deprecated: true, Since: "1.33.43"},
	{Name: "setfiles", Proc: 519, Args: []Arg{{"specfile", String}, {"paths", PathnameList}}, Opts: []Arg{{"force", Bool}, {"excludes", StringList}}, Feature: "selinuxrelabel", Since: "1.57.1"},
}
