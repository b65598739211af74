package api

// augeasCalls are the calls about configuration files through Augeas.
var augeasCalls = []Call{
	{Name: "aug_init", Proc: 16, Args: []Arg{{"root", Pathname}, {"flags", Int}}, Since: "0.0.7"},
	{Name: "aug_defvar", Proc: 17, Args: []Arg{{"name", String}, {"expr", OptString}}, Ret: Ret{Kind: RetInt, Name: "nrnodes"}, Since: "0.0.7"},
	{Name: "aug_defnode", Proc: 18, Args: []Arg{{"name", String}, {"expr", String}, {"val", String}}, Ret: Ret{Kind: RetStruct, Name: "nrnodescreated", Struct: "int_bool"}, Since: "0.0.7"},
	{Name: "aug_get", Proc: 19, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetString, Name: "val"}, Since: "0.0.7"},
	{Name: "aug_set", Proc: 20, Args: []Arg{{"augpath", String}, {"val", String}}, Since: "0.0.7"},
	{Name: "aug_insert", Proc: 21, Args: []Arg{{"augpath", String}, {"label", String}, {"before", Bool}}, Since: "0.0.7"},
	{Name: "aug_rm", Proc: 22, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetInt, Name: "nrnodes"}, Since: "0.0.7"},
	{Name: "aug_mv", Proc: 23, Args: []Arg{{"src", String}, {"dest", String}}, Since: "0.0.7"},
	{Name: "aug_match", Proc: 24, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetStringList, Name: "matches"}, Since: "0.0.7"},
	{Name: "aug_save", Proc: 25, Since: "0.0.7"},
	{Name: "aug_close", Proc: 26, Since: "0.0.7"},
	{Name: "aug_load", Proc: 27, Since: "0.0.7"},
	{Name: "aug_ls", Proc: 28, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetStringList, Name: "matches"}, Since: "0.0.8"},
	{Name: "aug_clear", Proc: 239, Args: []Arg{{"augpath", String}}, Since: "1.3.4"},
	{Name: "aug_setm", Proc: 411, Args: []Arg{{"base", String}, {"sub", OptString}, {"val", String}}, Ret: Ret{Kind: RetInt, Name: "nodes"}, Since: "1.23.14"},
	{Name: "aug_label", Proc: 412, Args: []Arg{{"augpath", String}}, Ret: Ret{Kind: RetString, Name: "label"}, Since: "1.23.14"},
	{Name: "aug_transform", Proc: 469, Args: []Arg{{"lens", String}, {"file", String}}, Opts: []Arg{{"remove", Bool}}, Since: "1.35.2"},
}
