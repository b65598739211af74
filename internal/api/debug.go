package api

// debugCalls are the calls about debugging and self-test.
var debugCalls = []Call{
	{Name: "debug", Proc: 76, Args: []Arg{{"subcmd", String}, {"extraargs", StringList}}, Ret: Ret{Kind: RetString, Name: "result"}, Internal: true, Since: "1.0.11"},
	{Name: "debug_upload", Proc: 241, Args: []Arg{{"filename", FileIn}, {"tmpname", String}, {"mode", Int}}, Cancellable: true, Internal: true, Since: "1.3.5"},
	{Name: "debug_drives", Side: Library, Ret: Ret{Kind: RetStringList, Name: "cmdline"}, Internal: true, Since: "1.13.22"},
	{Name: "internal_test_63_optargs", Side: Library, Opts: []Arg{{"opt1", Int}, {"opt2", Int}, {"opt3", Int}, {"opt4", Int}, {"opt5", Int}, {"opt6", Int}, {"opt7", Int}, {"opt8", Int}, {"opt9", Int}, {"opt10", Int}, {"opt11", Int}, {"opt12", Int}, {"opt13", Int}, {"opt14", Int}, {"opt15", Int}, {"opt16", Int}, {"opt17", Int}, {"opt18", Int}, {"opt19", Int}, {"opt20", Int}, {"opt21", Int}, {"opt22", Int}, {"opt23", Int}, {"opt24", Int}, {"opt25", Int}, {"opt26", Int}, {"opt27", Int}, {"opt28", Int}, {"opt29", Int}, {"opt30", Int}, {"opt31", Int}, {"opt32", Int}, {"opt33", Int}, {"opt34", Int}, {"opt35", Int}, {"opt36", Int}, {"opt37", Int}, {"opt38", Int}, {"opt39", Int}, {"opt40", Int}, {"opt41", Int}, {"opt42", Int}, {"opt43", Int}, {"opt44", Int}, {"opt45", Int}, {"opt46", Int}, {"opt47", Int}, {"opt48", Int}, {"opt49", Int}, {"opt50", Int}, {"opt51", Int}, {"opt52", Int}, {"opt53", Int}, {"opt54", Int}, {"opt55", Int}, {"opt56", Int}, {"opt57", Int}, {"opt58", Int}, {"opt59", Int}, {"opt60", Int}, {"opt61", Int}, {"opt62", Int}, {"opt63", Int}}, Cancellable: true, Internal: true, Since: "None", Status: NotPlanned, Note: "tests libguestfs's own language bindings"},
	{Name: "internal_test_close_output", Side: Library, Internal: true, Since: "None", Status: NotPlanned, Note: "tests libguestfs's own language bindings"},
	{Name: "internal_test_only_optargs", Side: Library, Opts: []Arg{{"test", Int}}, Cancellable: true, Internal: true, Since: "None", Status: NotPlanned, Note: "tests libguestfs's own language bindings"},
	{Name: "internal_test_set_output", Side: Library, Args: []Arg{{"filename", String}}, Internal: true, Since: "None", Status: NotPlanned, Note: "tests libguestfs's own language bindings"},
}
