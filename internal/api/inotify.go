package api

// inotifyCalls are the calls about inotify.
var inotifyCalls = []Call{
	{Name: "inotify_init", Proc: 179, Args: []Arg{{"maxevents", Int}}, Feature: "inotify", Since: "1.0.66"},
	{Name: "inotify_add_watch", Proc: 180, Args: []Arg{{"path", Pathname}, {"mask", Int}}, Ret: Ret{Kind: RetInt64, Name: "wd"}, Feature: "inotify", Since: "1.0.66"},
	{Name: "inotify_rm_watch", Proc: 181, Args: []Arg{{"wd", Int}}, Feature: "inotify", Since: "1.0.66"},
	{Name: "inotify_read", Proc: 182, Ret: Ret{Kind: RetStructList, Name: "events", Struct: "inotify_event"}, Feature: "inotify", Since: "1.0.66"},
	{Name: "inotify_files", Proc: 183, Ret: Ret{Kind: RetStringList, Name: "paths"}, Feature: "inotify", Since: "1.0.66"},
	{Name: "inotify_close", Proc: 184, Feature: "inotify", Since: "1.0.66"},
}
