package api

// journalCalls are the calls about the systemd journal.
var journalCalls = []Call{
	{Name: "journal_open", Proc: 404, Args: []Arg{{"directory", Pathname}}, Feature: "journal", Since: "1.23.11"},
	{Name: "journal_close", Proc: 405, Feature: "journal", Since: "1.23.11"},
	{Name: "journal_next", Proc: 406, Ret: Ret{Kind: RetBool, Name: "more"}, Feature: "journal", Since: "1.23.11"},
	{Name: "journal_skip", Proc: 407, Args: []Arg{{"skip", Int64}}, Ret: Ret{Kind: RetInt64, Name: "rskip"}, Feature: "journal", Since: "1.23.11"},
	{Name: "internal_journal_get", Proc: 408, Args: []Arg{{"filename", FileOut}}, Feature: "journal", Internal: true, Since: "1.23.11"},
	{Name: "journal_get_data_threshold", Proc: 409, Ret: Ret{Kind: RetInt64, Name: "threshold"}, Feature: "journal", Since: "1.23.11"},
	{Name: "journal_set_data_threshold", Proc: 410, Args: []Arg{{"threshold", Int64}}, Feature: "journal", Since: "1.23.11"},
	{Name: "journal_get_realtime_usec", Proc: 420, Ret: Ret{Kind: RetInt64, Name: "usec"}, Feature: "journal", Since: "1.27.18"},
	{Name: "journal_get", Side: Library, Ret: Ret{Kind: RetStructList, Name: "fields", Struct: "xattr"}, Feature: "journal", Since: "1.23.11"},
}
