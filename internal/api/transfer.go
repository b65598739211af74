package api

// transferCalls are the calls about uploading and downloading.
var transferCalls = []Call{
	{Name: "upload", Proc: 66, Args: []Arg{{"filename", FileIn}, {"remotefilename", DeviceOrPath}}, Progress: true, Cancellable: true, Since: "1.0.2", Status: Done, Summary: "upload a host file into a file or device"},
	{Name: "download", Proc: 67, Args: []Arg{{"remotefilename", DeviceOrPath}, {"filename", FileOut}}, Progress: true, Cancellable: true, Since: "1.0.2", Status: Done, Summary: "download a file or device to a host file"},
	{Name: "upload_offset", Proc: 273, Args: []Arg{{"filename", FileIn}, {"remotefilename", DeviceOrPath}, {"offset", Int64}}, Progress: true, Cancellable: true, Since: "1.5.17", Status: Done, Summary: "upload a host file into part of a file or device"},
	{Name: "download_offset", Proc: 274, Args: []Arg{{"remotefilename", DeviceOrPath}, {"filename", FileOut}, {"offset", Int64}, {"size", Int64}}, Progress: true, Cancellable: true, Since: "1.5.17", Status: Done, Summary: "download part of a file or device to a host file"},
	{Name: "internal_upload", Proc: 413, Args: []Arg{{"filename", FileIn}, {"tmpname", String}, {"mode", Int}}, Cancellable: true, Internal: true, Since: "1.23.30", Status: Done, Summary: "upload a host file and set its mode"},
	{Name: "user_cancel", Side: Library, Since: "1.11.18", Status: Done, Summary: "cancel the transfer that is under way"},
}
