package api

// mdCalls are the calls about software RAID.
var mdCalls = []Call{
	{Name: "md_create", Proc: 299, Args: []Arg{{"name", String}, {"devices", DeviceList}}, Opts: []Arg{{"missingbitmap", Int64}, {"nrdevices", Int}, {"spare", Int}, {"chunk", Int64}, {"level", String}}, Feature: "mdadm", Since: "1.15.6", Status: Done, Summary: "create a software RAID device"},
	{Name: "list_md_devices", Proc: 300, Ret: Ret{Kind: RetStringList, Name: "devices", Elem: Device}, Since: "1.15.4", Status: Done, Summary: "list the software RAID devices"},
	{Name: "md_detail", Proc: 301, Args: []Arg{{"md", Device}}, Ret: Ret{Kind: RetHashtable, Name: "info"}, Feature: "mdadm", Since: "1.15.6", Status: Done, Summary: "metadata of a software RAID device"},
	{Name: "md_stop", Proc: 302, Args: []Arg{{"md", Device}}, Feature: "mdadm", Since: "1.15.6", Status: Done, Summary: "stop a software RAID device"},
	{Name: "md_stat", Proc: 316, Args: []Arg{{"md", Device}}, Ret: Ret{Kind: RetStructList, Name: "devices", Struct: "mdstat"}, Feature: "mdadm", Since: "1.17.21", Status: Done, Summary: "state of the devices of a software RAID device"},
}
