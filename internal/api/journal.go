package api

// journalCalls are the calls about the systemd journal.
var journalCalls = []Call{
	{Name: "journal_open", Proc: 404, Args: []Arg{{"directory", Pathname}}, Feature: "journal", Since: "1.23.11", Status: Done, Summary: "open the systemd journal of a directory"},
	{Name: "journal_close", Proc: 405, Feature: "journal", Since: "1.23.11", Status: Done, Summary: "close the journal"},
	{Name: "journal_next", Proc: 406, Ret: Ret{Kind: RetBool, Name: "more"}, Feature: "journal", Since: "1.23.11", Status: Done, Summary: "go to the next entry of the journal"},
	{Name: "journal_skip", Proc: 407, Args: []Arg{{"skip", Int64}}, Ret: Ret{Kind: RetInt64, Name: "rskip"}, Feature: "journal", Since: "1.23.11", Status: Done, Summary: "go on by a number of entries, or back"},
	{Name: "internal_journal_get", Proc: 408, Args: []Arg{{"filename", FileOut}}, Feature: "journal", Internal: true, Since: "1.23.11", Status: Done, Summary: "send the fields of the current entry"},
	{Name: "journal_get_data_threshold", Proc: 409, Ret: Ret{Kind: RetInt64, Name: "threshold"}, Feature: "journal", Since: "1.23.11", Status: Done, Summary: "bytes to which compressed fields are cut"},
	{Name: "journal_set_data_threshold", Proc: 410, Args: []Arg{{"threshold", Int64}}, Feature: "journal", Since: "1.23.11", Status: Done, Summary: "set to how many bytes compressed fields are cut"},
	{Name: "journal_get_realtime_usec", Proc: 420, Ret: Ret{Kind: RetInt64, Name: "usec"}, Feature: "journal", Since: "1.27.18", Status: Done, Summary: "time of the current entry, in microseconds"},
	{Name: "journal_get", Side: Library, Ret: Ret{Kind: RetStructList, Name: "fields", Struct: "xattr"}, Feature: "journal", Since: "1.23.11", Status: Done, Summary: "fields of the current entry"},
}
