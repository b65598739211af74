package api

// checksumCalls are the calls about checksums.
var checksumCalls = []Call{
	{Name: "checksum", Proc: 68, Args: []Arg{{"csumtype", String}, {"path", Pathname}}, Ret: Ret{Kind: RetString, Name: "checksum"}, Since: "1.0.2", Status: Done, Summary: "checksum of a file"},
	{Name: "checksum_device", Proc: 237, Args: []Arg{{"csumtype", String}, {"device", Device}}, Ret: Ret{Kind: RetString, Name: "checksum"}, Since: "1.3.2", Status: Done, Summary: "checksum of a device"},
	{Name: "checksums_out", Proc: 244, Args: []Arg{{"csumtype", String}, {"directory", Pathname}, {"sumsfile", FileOut}}, Cancellable: true, Since: "1.3.7", Status: Done, Summary: "checksums of all files below a directory"},
}
