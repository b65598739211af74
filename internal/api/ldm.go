package api

// ldmCalls are the calls about Windows dynamic disks.
var ldmCalls = []Call{
	{Name: "list_ldm_volumes", Proc: 380, Ret: Ret{Kind: RetStringList, Name: "devices", Elem: Device}, Feature: "ldm", Since: "1.20.0"},
	{Name: "list_ldm_partitions", Proc: 381, Ret: Ret{Kind: RetStringList, Name: "devices", Elem: Device}, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_create_all", Proc: 382, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_remove_all", Proc: 383, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_scan", Proc: 384, Ret: Ret{Kind: RetStringList, Name: "guids"}, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_scan_devices", Proc: 385, Args: []Arg{{"devices", DeviceList}}, Ret: Ret{Kind: RetStringList, Name: "guids"}, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_diskgroup_name", Proc: 386, Args: []Arg{{"diskgroup", String}}, Ret: Ret{Kind: RetString, Name: "name"}, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_diskgroup_volumes", Proc: 387, Args: []Arg{{"diskgroup", String}}, Ret: Ret{Kind: RetStringList, Name: "volumes"}, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_diskgroup_disks", Proc: 388, Args: []Arg{{"diskgroup", String}}, Ret: Ret{Kind: RetStringList, Name: "disks", Elem: Device}, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_volume_type", Proc: 389, Args: []Arg{{"diskgroup", String}, {"volume", String}}, Ret: Ret{Kind: RetString, Name: "voltype"}, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_volume_hint", Proc: 390, Args: []Arg{{"diskgroup", String}, {"volume", String}}, Ret: Ret{Kind: RetString, Name: "hint"}, Feature: "ldm", Since: "1.20.0"},
	{Name: "ldmtool_volume_partitions", Proc: 391, Args: []Arg{{"diskgroup", String}, {"volume", String}}, Ret: Ret{Kind: RetStringList, Name: "partitions", Elem: Device}, Feature: "ldm", Since: "1.20.0"},
}
