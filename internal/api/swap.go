package api

// swapCalls are the calls about swap areas.
var swapCalls = []Call{
	{Name: "mkswap", Proc: 130, Args: []Arg{{"device", Device}}, Opts: []Arg{{"label", String}, {"uuid", String}}, Since: "1.0.55", Status: Done, Summary: "make a swap area"},
	{Name: "mkswap_L", Proc: 131, Args: []Arg{{"label", String}, {"device", Device}}, Deprecated: true, Since: "1.0.55", Status: Done, Summary: "make swap space with a label"},
	{Name: "mkswap_U", Proc: 132, Args: []Arg{{"uuid", String}, {"device", Device}}, Feature: "linuxfsuuid", Deprecated: true, Since: "1.0.55", Status: Done, Summary: "make swap space with a UUID"},
	{Name: "swapon_device", Proc: 170, Args: []Arg{{"device", Device}}, Since: "1.0.66", Status: Done, Summary: "use a device as swap space"},
	{Name: "swapoff_device", Proc: 171, Args: []Arg{{"device", Device}}, Since: "1.0.66", Status: Done, Summary: "stop using a device as swap space"},
	{Name: "swapon_file", Proc: 172, Args: []Arg{{"file", Pathname}}, Since: "1.0.66", Status: Done, Summary: "use a file as swap space"},
	{Name: "swapoff_file", Proc: 173, Args: []Arg{{"file", Pathname}}, Since: "1.0.66", Status: Done, Summary: "stop using a file as swap space"},
	{Name: "swapon_label", Proc: 174, Args: []Arg{{"label", String}}, Since: "1.0.66", Status: Done, Summary: "use the swap space with a label"},
	{Name: "swapoff_label", Proc: 175, Args: []Arg{{"label", String}}, Since: "1.0.66", Status: Done, Summary: "stop using the swap space with a label"},
	{Name: "swapon_uuid", Proc: 176, Args: []Arg{{"uuid", String}}, Feature: "linuxfsuuid", Since: "1.0.66", Status: Done, Summary: "use the swap space with a UUID"},
	{Name: "swapoff_uuid", Proc: 177, Args: []Arg{{"uuid", String}}, Feature: "linuxfsuuid", Since: "1.0.66", Status: Done, Summary: "stop using the swap space with a UUID"},
	{Name: "mkswap_file", Proc: 178, Args: []Arg{{"path", Pathname}}, Since: "1.0.66", Status: Done, Summary: "make a file into swap space"},
}
