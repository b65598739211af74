package api

// ownCalls are the calls that libguestfs does not have. A client sends them
// only to a daemon that has listed them in its answer to internal_hello.
var ownCalls = []Call{
	{Name: "internal_hello", Proc: ProcOwn, Args: []Arg{{"clock", Int64}, {"entropy", Bytes}}, Ret: Ret{Kind: RetStringList, Name: "extensions"}, Internal: true, Status: Done, Summary: "set the clock, stir the random pool and list the calls of our own that the daemon knows"},
	{Name: "internal_attach", Proc: ProcOwn + 1, Args: []Arg{{"targets", StringList}}, Ret: Ret{Kind: RetStringList, Name: "devices", Elem: Device}, Internal: true, Status: Done, Summary: "wait for drives that were plugged in, name them in order and assemble what lies on them"},
	{Name: "internal_warnings", Proc: ProcOwn + 2, Ret: Ret{Kind: RetStringList, Name: "warnings"}, Internal: true, Status: Done, Summary: "take the warnings that calls have left since the last time"},
	{Name: "internal_detach", Proc: ProcOwn + 3, Args: []Arg{{"target", Int}}, Internal: true, Status: Done, Summary: "flush a drive that nothing uses and let go of it, so that it can be pulled out"},
	{Name: "internal_prepare", Proc: ProcOwn + 4, Internal: true, Status: Done, Summary: "do what most guests will need, before the appliance is saved for later launches"},
	{Name: "replace_file", Proc: ProcOwn + 5, Args: []Arg{{"content", FileIn}, {"path", Pathname}}, Opts: []Arg{{"backup", String}, {"create", Int}}, Progress: true, Cancellable: true, Status: Done, Summary: "replace the content of a file, wholly or not at all"},
	{Name: "internal_failure", Proc: ProcOwn + 6, Ret: Ret{Kind: RetStringList, Name: "error"}, Internal: true, Status: Done, Summary: "take the error number and the message of the download that broke off last"},
	{Name: "internal_list_applications", Proc: ProcOwn + 7, Args: []Arg{{"root", Mountable}, {"kind", String}, {"filename", FileOut}}, Internal: true, Cancellable: true, Status: Done, Summary: "send the applications of a kind: system, snap or flatpak"},
	{Name: "internal_get_icon", Proc: ProcOwn + 8, Args: []Arg{{"root", Mountable}, {"favicon", Bool}, {"highquality", Bool}, {"filename", FileOut}}, Internal: true, Status: Done, Summary: "send the icon of an operating system, in PNG"},
	{Name: "inspect_facts", Proc: ProcOwn + 10, Args: []Arg{{"root", Mountable}}, Ret: Ret{Kind: RetString, Name: "facts"}, Status: Done, Summary: "say in JSON how a root that is mounted is set up: network, users, services, kernels and more"},
	{Name: "luks_set_uuid", Proc: ProcOwn + 11, Args: []Arg{{"device", Device}, {"uuid", String}}, Feature: "luks", Status: Done, Summary: "set the UUID of a LUKS device"},
	{Name: "md_set_uuid", Proc: ProcOwn + 12, Args: []Arg{{"md", Device}, {"uuid", String}}, Feature: "mdadm", Status: Done, Summary: "set the UUID of a software RAID device that is not in use"},
}
