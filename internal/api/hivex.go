package api

// hivexCalls are the calls about Windows registry hives.
var hivexCalls = []Call{
	{Name: "hivex_open", Proc: 350, Args: []Arg{{"filename", Pathname}}, Opts: []Arg{{"verbose", Bool}, {"debug", Bool}, {"write", Bool}, {"unsafe", Bool}}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "open a Windows registry hive"},
	{Name: "hivex_close", Proc: 351, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "close the hive"},
	{Name: "hivex_root", Proc: 352, Ret: Ret{Kind: RetInt64, Name: "nodeh"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "node at the top of the hive"},
	{Name: "hivex_node_name", Proc: 353, Args: []Arg{{"nodeh", Int64}}, Ret: Ret{Kind: RetString, Name: "name"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "name of a node"},
	{Name: "hivex_node_children", Proc: 354, Args: []Arg{{"nodeh", Int64}}, Ret: Ret{Kind: RetStructList, Name: "nodehs", Struct: "hivex_node"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "nodes in a node"},
	{Name: "hivex_node_get_child", Proc: 355, Args: []Arg{{"nodeh", Int64}, {"name", String}}, Ret: Ret{Kind: RetInt64, Name: "child"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "node of a name in a node, or 0"},
	{Name: "hivex_node_parent", Proc: 356, Args: []Arg{{"nodeh", Int64}}, Ret: Ret{Kind: RetInt64, Name: "parent"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "node that a node is in"},
	{Name: "hivex_node_values", Proc: 357, Args: []Arg{{"nodeh", Int64}}, Ret: Ret{Kind: RetStructList, Name: "valuehs", Struct: "hivex_value"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "values of a node"},
	{Name: "hivex_node_get_value", Proc: 358, Args: []Arg{{"nodeh", Int64}, {"key", String}}, Ret: Ret{Kind: RetInt64, Name: "valueh"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "value of a name in a node, or 0"},
	{Name: "hivex_value_key", Proc: 359, Args: []Arg{{"valueh", Int64}}, Ret: Ret{Kind: RetString, Name: "key"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "name of a value"},
	{Name: "hivex_value_type", Proc: 360, Args: []Arg{{"valueh", Int64}}, Ret: Ret{Kind: RetInt64, Name: "datatype"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "type of a value"},
	{Name: "hivex_value_value", Proc: 361, Args: []Arg{{"valueh", Int64}}, Ret: Ret{Kind: RetBuffer, Name: "databuf"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "data of a value"},
	{Name: "hivex_commit", Proc: 362, Args: []Arg{{"filename", OptString}}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "write the changes of the hive"},
	{Name: "hivex_node_add_child", Proc: 363, Args: []Arg{{"parent", Int64}, {"name", String}}, Ret: Ret{Kind: RetInt64, Name: "nodeh"}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "make a node in a node"},
	{Name: "hivex_node_delete_child", Proc: 364, Args: []Arg{{"nodeh", Int64}}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "remove a node and all in it"},
	{Name: "hivex_node_set_value", Proc: 365, Args: []Arg{{"nodeh", Int64}, {"key", String}, {"t", Int64}, {"val", Bytes}}, Feature: "hivex", Since: "1.19.35", Status: Done, Summary: "set a value of a node"},
	{Name: "hivex_value_utf8", Proc: 478, Args: []Arg{{"valueh", Int64}}, Ret: Ret{Kind: RetString, Name: "databuf"}, Feature: "hivex", Deprecated: true, Since: "1.19.35", Status: Done, Summary: "text of a value"},
	{Name: "hivex_value_string", Proc: 479, Args: []Arg{{"valueh", Int64}}, Ret: Ret{Kind: RetString, Name: "databuf"}, Feature: "hivex", Since: "1.37.22", Status: Done, Summary: "text of a value"},
}
