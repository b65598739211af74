package api

// textCalls are the calls about reading text files.
var textCalls = []Call{
	{Name: "file", Proc: 49, Args: []Arg{{"path", DeviceOrPath}}, Ret: Ret{Kind: RetString, Name: "description"}, Since: "1.9.1", Status: Done, Summary: "tell what kind of content a file or device has"},
	{Name: "strings", Proc: 94, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "stringsout"}, Since: "1.0.22", Status: Done, Summary: "list the printable texts in a file"},
	{Name: "strings_e", Proc: 95, Args: []Arg{{"encoding", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "stringsout"}, Since: "1.0.22", Status: Done, Summary: "list the printable texts of an encoding in a file"},
	{Name: "hexdump", Proc: 96, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetString, Name: "dump"}, Since: "1.0.22", Status: Done, Summary: "show a file in hexadecimal"},
	{Name: "wc_l", Proc: 118, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetInt, Name: "lines"}, Since: "1.0.54", Status: Done, Summary: "count the lines of a file"},
	{Name: "wc_w", Proc: 119, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetInt, Name: "words"}, Since: "1.0.54", Status: Done, Summary: "count the words of a file"},
	{Name: "wc_c", Proc: 120, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetInt, Name: "chars"}, Since: "1.0.54", Status: Done, Summary: "count the bytes of a file"},
	{Name: "head", Proc: 121, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.54", Status: Done, Summary: "the first ten lines of a file"},
	{Name: "head_n", Proc: 122, Args: []Arg{{"nrlines", Int}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.54", Status: Done, Summary: "the first lines of a file, or all but the last"},
	{Name: "tail", Proc: 123, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.54", Status: Done, Summary: "the last ten lines of a file"},
	{Name: "tail_n", Proc: 124, Args: []Arg{{"nrlines", Int}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.54", Status: Done, Summary: "the last lines of a file, or those from a line on"},
	{Name: "zfile", Proc: 140, Args: []Arg{{"meth", String}, {"path", Pathname}}, Ret: Ret{Kind: RetString, Name: "description"}, Deprecated: true, Since: "1.0.59", Status: Done, Summary: "tell what kind of content a packed file has"},
	{Name: "grep", Proc: 151, Args: []Arg{{"regex", String}, {"path", Pathname}}, Opts: []Arg{{"extended", Bool}, {"fixed", Bool}, {"insensitive", Bool}, {"compressed", Bool}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.66", Status: Done, Summary: "list the lines that match a pattern"},
	{Name: "egrep", Proc: 152, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines that match an extended pattern"},
	{Name: "fgrep", Proc: 153, Args: []Arg{{"pattern", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines that have a text"},
	{Name: "grepi", Proc: 154, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines that match a pattern, ignoring case"},
	{Name: "egrepi", Proc: 155, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines that match an extended pattern, ignoring case"},
	{Name: "fgrepi", Proc: 156, Args: []Arg{{"pattern", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines that have a text, ignoring case"},
	{Name: "zgrep", Proc: 157, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines of a packed file that match a pattern"},
	{Name: "zegrep", Proc: 158, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines of a packed file that match an extended pattern"},
	{Name: "zfgrep", Proc: 159, Args: []Arg{{"pattern", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines of a packed file that have a text"},
	{Name: "zgrepi", Proc: 160, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines of a packed file that match a pattern, ignoring case"},
	{Name: "zegrepi", Proc: 161, Args: []Arg{{"regex", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines of a packed file that match an extended pattern, ignoring case"},
	{Name: "zfgrepi", Proc: 162, Args: []Arg{{"pattern", String}, {"path", Pathname}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Deprecated: true, Since: "1.0.66", Status: Done, Summary: "list the lines of a packed file that have a text, ignoring case"},
}
