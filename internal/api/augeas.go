package api

// augeasCalls are the calls about configuration files through Augeas.
var augeasCalls = []Call{
	{Name: "aug_init", Proc: 16, Args: []Arg{{"root", Pathname}, {"flags", Int}}, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "start Augeas and read the configuration files of the guest"},
	{Name: "aug_defvar", Proc: 17, Args: []Arg{{"name", String}, {"expr", OptString}}, Ret: Ret{Kind: RetInt, Name: "nrnodes"}, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "define a variable of Augeas"},
	{Name: "aug_defnode", Proc: 18, Args: []Arg{{"name", String}, {"expr", String}, {"val", String}}, Ret: Ret{Kind: RetStruct, Name: "nrnodescreated", Struct: "int_bool"}, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "define a variable and create its node if there is none"},
	{Name: "aug_get", Proc: 19, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetString, Name: "val"}, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "value of a node"},
	{Name: "aug_set", Proc: 20, Args: []Arg{{"augpath", String}, {"val", String}}, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "set the value of a node, which is created if there is none"},
	{Name: "aug_insert", Proc: 21, Args: []Arg{{"augpath", String}, {"label", String}, {"before", Bool}}, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "insert a node before or after another"},
	{Name: "aug_rm", Proc: 22, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetInt, Name: "nrnodes"}, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "remove nodes and all below them"},
	{Name: "aug_mv", Proc: 23, Args: []Arg{{"src", String}, {"dest", String}}, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "move a node"},
	{Name: "aug_match", Proc: 24, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetStringList, Name: "matches"}, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "paths of the nodes that match"},
	{Name: "aug_save", Proc: 25, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "write the changed files"},
	{Name: "aug_close", Proc: 26, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "end Augeas and drop what was not saved"},
	{Name: "aug_load", Proc: 27, Feature: "augeas", Since: "0.0.7", Status: Done, Summary: "read the files again and drop what was not saved"},
	{Name: "aug_ls", Proc: 28, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetStringList, Name: "matches"}, Feature: "augeas", Since: "0.0.8", Status: Done, Summary: "paths of the nodes below a node, sorted"},
	{Name: "aug_clear", Proc: 239, Args: []Arg{{"augpath", String}}, Feature: "augeas", Since: "1.3.4", Status: Done, Summary: "take the value of a node away"},
	{Name: "aug_setm", Proc: 411, Args: []Arg{{"base", String}, {"sub", OptString}, {"val", String}}, Ret: Ret{Kind: RetInt, Name: "nodes"}, Feature: "augeas", Since: "1.23.14", Status: Done, Summary: "set the values of several nodes"},
	{Name: "aug_label", Proc: 412, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetString, Name: "label"}, Feature: "augeas", Since: "1.23.14", Status: Done, Summary: "last part of the path of a node"},
	{Name: "aug_transform", Proc: 469, Args: []Arg{{"lens", String}, {"file", String}}, Opts: []Arg{{"remove", Bool}}, Feature: "augeas", Since: "1.35.2", Status: Done, Summary: "have a lens read further files, or not read them"},
}
