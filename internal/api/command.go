package api

// commandCalls are the calls about running commands in the guest.
var commandCalls = []Call{
	{Name: "command", Proc: 50, Args: []Arg{{"arguments", StringList}}, Ret: Ret{Kind: RetString, Name: "output"}, Since: "1.9.1", Status: Done, Summary: "run a program of the guest"},
	{Name: "command_lines", Proc: 51, Args: []Arg{{"arguments", StringList}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.9.1", Status: Done, Summary: "run a program of the guest and split its output into lines"},
	{Name: "sh", Proc: 111, Args: []Arg{{"command", String}}, Ret: Ret{Kind: RetString, Name: "output"}, Since: "1.0.50", Status: Done, Summary: "run a command with the guest's shell"},
	{Name: "sh_lines", Proc: 112, Args: []Arg{{"command", String}}, Ret: Ret{Kind: RetStringList, Name: "lines"}, Since: "1.0.50", Status: Done, Summary: "run a command with the guest's shell and split its output into lines"},
	{Name: "command_out", Proc: 516, Args: []Arg{{"arguments", StringList}, {"output", FileOut}}, Progress: true, Cancellable: true, Since: "1.55.6", Status: Done, Summary: "run a program of the guest and send its output"},
	{Name: "sh_out", Proc: 517, Args: []Arg{{"command", String}, {"output", FileOut}}, Since: "1.55.6", Status: Done, Summary: "run a command with the guest's shell and send its output"},
}
