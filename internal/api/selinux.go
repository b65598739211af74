package api

// selinuxCalls are the calls about SELinux labels.
var selinuxCalls = []Call{
	{Name: "setcon", Proc: 185, Args: []Arg{{"context", String}}, Feature: "selinux", Deprecated: true, Since: "1.0.67", Status: NotPlanned, Note: "the appliance's kernel runs without SELinux"},
	{Name: "getcon", Proc: 186, Ret: Ret{Kind: RetString, Name: "context"}, Feature: "selinux", Deprecated: true, Since: "1.0.67", Status: NotPlanned, Note: "the appliance's kernel runs without SELinux"},
	{Name: "selinux_relabel", Proc: 467, Args: []Arg{{"specfile", String}, {"path", Pathname}}, Opts: []Arg{{"force", Bool}}, Feature: "selinuxrelabel", Deprecated: true, Since: "1.33.43", Status: Done, Summary: "label a tree by rules for SELinux"},
	{Name: "setfiles", Proc: 519, Args: []Arg{{"specfile", String}, {"paths", PathnameList}}, Opts: []Arg{{"force", Bool}, {"excludes", StringList}}, Feature: "selinuxrelabel", Since: "1.57.1", Status: Done, Summary: "label trees by rules for SELinux"},
}
