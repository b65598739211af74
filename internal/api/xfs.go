package api

// xfsCalls are the calls about xfs.
var xfsCalls = []Call{
	{Name: "xfs_info", Proc: 337, Args: []Arg{{"pathordevice", DeviceOrPath}}, Ret: Ret{Kind: RetStruct, Name: "info", Struct: "xfsinfo"}, Feature: "xfs", Deprecated: true, Since: "1.19.21", Status: Done, Summary: "geometry of an xfs"},
	{Name: "xfs_growfs", Proc: 343, Args: []Arg{{"path", Pathname}}, Opts: []Arg{{"datasec", Bool}, {"logsec", Bool}, {"rtsec", Bool}, {"datasize", Int64}, {"logsize", Int64}, {"rtsize", Int64}, {"rtextsize", Int64}, {"maxpct", Int}}, Explicit: []string{"maxpct"}, Feature: "xfs", Since: "1.19.28", Status: Done, Summary: "grow a mounted xfs, or change its parameters"},
	{Name: "xfs_admin", Proc: 349, Args: []Arg{{"device", Device}}, Opts: []Arg{{"extunwritten", Bool}, {"imgfile", Bool}, {"v2log", Bool}, {"projid32bit", Bool}, {"lazycounter", Bool}, {"label", String}, {"uuid", String}}, Explicit: []string{"lazycounter"}, Feature: "xfs", Since: "1.19.33", Status: Done, Summary: "change the parameters of an xfs"},
	{Name: "xfs_repair", Proc: 366, Args: []Arg{{"device", DeviceOrPath}}, Opts: []Arg{{"forcelogzero", Bool}, {"nomodify", Bool}, {"noprefetch", Bool}, {"forcegeometry", Bool}, {"maxmem", Int64}, {"ihashsize", Int64}, {"bhashsize", Int64}, {"agstride", Int64}, {"logdev", String}, {"rtdev", String}}, Ret: Ret{Kind: RetInt, Name: "status"}, Feature: "xfs", Since: "1.19.36", Status: Done, Summary: "check an xfs and repair it"},
	{Name: "xfs_info2", Proc: 522, Args: []Arg{{"pathordevice", DeviceOrPath}}, Ret: Ret{Kind: RetHashtable, Name: "info"}, Feature: "xfs", Since: "1.59.2", Status: Done, Summary: "geometry of an xfs, each value that xfs_info prints"},
}
