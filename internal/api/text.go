package api

// textCalls are the calls about reading text files.
var textCalls = []Call{
	{Name: "file", Proc: 49, Args: []Arg{{"path", DeviceOrPath}}, Ret: Ret{Kind: RetString, Name: "description"}, Since: "1.9.1"},
	{Name: "strings", Proc: 94, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "stringsout"}, Since: "1.0.22"},
	{Name: "strings_e", Proc: 95, Args: []Arg{{"encoding", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "stringsout"}, Since: "1.0.22"},
	{Name: "hexdump", Proc: 96, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetString, Name: "dump"}, Since: "1.0.22"},
	{Name: "wc_l", Proc: 118, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetInt, Name: "lines"}, Since: "1.0.54"},
	{Name: "wc_w", Proc: 119, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetInt, Name: "words"}, Since: "1.0.54"},
	{Name: "wc_c", Proc: 120, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetInt, Name: "chars"}, Since: "1.0.54"},
	{Name: "head", Proc: 121, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.54"},
	{Name: "head_n", Proc: 122, Args: []Arg{{"nrlines", Int}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.54"},
	{Name: "tail", Proc: 123, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.54"},
	{Name: "tail_n", Proc: 124, Args: []Arg{{"nrlines", Int}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.54"},
	{Name: "zfile", Proc: 140, Args: []Arg{{"meth", String}, {"path", Pathname}}, Ret: Ret{Kind: RetString, Name: "description"}, Deprecated: true, Since: "1.0.59"},
	{Name: "grep", Proc: 151, Args: []Arg{{"regex", String}, {"path", Pathname}}, Opts: []Arg{{"extended", Bool}, {"fixed", Bool}, {"insensitive", Bool}, {"compressed", Bool}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.66"},
	{Name: "egrep", Proc: 152, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "fgrep", Proc: 153, Args: []Arg{{"pattern", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "grepi", Proc: 154, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "egrepi", Proc: 155, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "fgrepi", Proc: 156, Args: []Arg{{"pattern", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "zgrep", Proc: 157, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "zegrep", Proc: 158, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "zfgrep", Proc: 159, Args: []Arg{{"pattern", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "zgrepi", Proc: 160, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "zegrepi", Proc: 161, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
	{Name: "zfgrepi", Proc: 162, Args: []Arg{{"pattern", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66"},
}
