package api

// inotifyCalls are the calls about inotify.
var inotifyCalls = []Call{
	{Name: "inotify_init", Proc: 179, Args: []Arg{{"maxevents", Int}}, Feature: "inotify", Since: "1.0.66", Status: Done, Summary: "start watching for changes of files"},
	{Name: "inotify_add_watch", Proc: 180, Args: []Arg{{"path", Pathname}, {"mask", Int}}, Ret: Ret{Kind: RetInt64, Name: "wd"}, Feature: "inotify", Since: "1.0.66", Status: Done, Summary: "watch a file or directory"},
	{Name: "inotify_rm_watch", Proc: 181, Args: []Arg{{"wd", Int}}, Feature: "inotify", Since: "1.0.66", Status: Done, Summary: "stop watching a file or directory"},
	{Name: "inotify_read", Proc: 182, Ret: Ret{Kind: RetStructList, Name: "events", Struct: "inotify_event"}, Feature: "inotify", Since: "1.0.66", Status: Done, Summary: "take the events that have happened"},
	{Name: "inotify_files", Proc: 183, Ret: Ret{Kind: RetStringList, Name: "paths"}, Feature: "inotify", Since: "1.0.66", Status: Done, Summary: "take the names in the events that have happened"},
	{Name: "inotify_close", Proc: 184, Feature: "inotify", Since: "1.0.66", Status: Done, Summary: "stop watching altogether"},
}
