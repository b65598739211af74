package api

// f2fsCalls are the calls about f2fs.
var f2fsCalls = []Call{
	{Name: "f2fs_expand", Proc: 505, Args: []Arg{{"device", Device}}, Feature: "f2fs", Since: "1.39.3", Status: Done, Summary: "grow an f2fs to the size of its device"},
}
