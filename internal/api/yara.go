package api

// yaraCalls are the calls about yara.
var yaraCalls = []Call{
	{Name: "yara_load", Proc: 472, Args: []Arg{{"filename", FileIn}}, Feature: "libyara", Progress: true, Cancellable: true, Since: "1.37.13", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
	{Name: "yara_destroy", Proc: 473, Feature: "libyara", Since: "1.37.13", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
	{Name: "internal_yara_scan", Proc: 474, Args: []Arg{{"path", Pathname}, {"filename", FileOut}}, Feature: "libyara", Internal: true, Since: "1.37.13", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
	{Name: "yara_scan", Side: Library, Args: []Arg{{"path", Pathname}}, Ret: Ret{Kind: RetStructList, Name: "detections", Struct: "yara_detection"}, Feature: "libyara", Progress: true, Cancellable: true, Since: "1.37.13", Status: NotPlanned, Note: "needs a forensic library that no tool of the suite uses"},
}
