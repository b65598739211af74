package api

// extCalls are the calls about ext.
var extCalls = []Call{
	{Name: "tune2fs_l", Proc: 55, Args: []Arg{{"device", Device}}, Ret: Ret{Kind: RetHashtable, Name: "superblock"}, Since: "1.9.2"},
	{Name: "set_e2label", Proc: 80, Args: []Arg{{"device", Device}, {"label", String}}, Deprecated: true, Since: "1.0.15"},
	{Name: "get_e2label", Proc: 81, Args: []Arg{{"device", Device}}, Ret: Ret{Kind: RetString, Name: "label"}, Deprecated: true, Since: "1.0.15"},
	{Name: "set_e2uuid", Proc: 82, Args: []Arg{{"device", Device}, {"uuid", String}}, Deprecated: true, Since: "1.0.15"},
	{Name: "get_e2uuid", Proc: 83, Args: []Arg{{"device", Device}}, Ret: Ret{Kind: RetString, Name: "uuid"}, Deprecated: true, Since: "1.0.15"},
	{Name: "zerofree", Proc: 97, Args: []Arg{{"device", Device}}, Feature: "zerofree", Since: "1.0.26"},
	{Name: "resize2fs", Proc: 106, Args: []Arg{{"device", Device}}, Since: "1.0.27"},
	{Name: "e2fsck_f", Proc: 108, Args: []Arg{{"device", Device}}, Deprecated: true, Since: "1.0.29"},
	{Name: "mke2journal", Proc: 188, Args: []Arg{{"blocksize", Int}, {"device", Device}}, Deprecated: true, Since: "1.0.68"},
	{Name: "resize2fs_size", Proc: 248, Args: []Arg{{"device", Device}, {"size", Int64}}, Since: "1.3.14"},
	{Name: "tune2fs", Proc: 298, Args: []Arg{{"device", Device}}, Opts: []Arg{{"force", Bool}, {"maxmountcount", Int}, {"mountcount", Int}, {"errorbehavior", String}, {"group", Int64}, {"intervalbetweenchecks", Int}, {"reservedblockspercentage", Int}, {"lastmounteddirectory", String}, {"reservedblockscount", Int64}, {"user", Int64}}, Since: "1.15.4"},
	{Name: "e2fsck", Proc: 304, Args: []Arg{{"device", Device}}, Opts: []Arg{{"correct", Bool}, {"forceall", Bool}, {"forceno", Bool}}, Since: "1.15.17"},
	{Name: "get_e2attrs", Proc: 318, Args: []Arg{{"file", Pathname}}, Ret: Ret{Kind: RetString, Name: "attrs"}, Since: "1.17.31"},
	{Name: "set_e2attrs", Proc: 319, Args: []Arg{{"file", Pathname}, {"attrs", String}}, Opts: []Arg{{"clear", Bool}}, Since: "1.17.31"},
	{Name: "get_e2generation", Proc: 320, Args: []Arg{{"file", Pathname}}, Ret: Ret{Kind: RetInt64, Name: "generation"}, Since: "1.17.31"},
	{Name: "set_e2generation", Proc: 321, Args: []Arg{{"file", Pathname}, {"generation", Int64}}, Since: "1.17.31"},
	{Name: "mke2fs", Proc: 368, Args: []Arg{{"device", Device}}, Opts: []Arg{{"blockscount", Int64}, {"blocksize", Int64}, {"fragsize", Int64}, {"blockspergroup", Int64}, {"numberofgroups", Int64}, {"bytesperinode", Int64}, {"inodesize", Int64}, {"journalsize", Int64}, {"numberofinodes", Int64}, {"stridesize", Int64}, {"stripewidth", Int64}, {"maxonlineresize", Int64}, {"reservedblockspercentage", Int}, {"mmpupdateinterval", Int}, {"journaldevice", String}, {"label", String}, {"lastmounteddir", String}, {"creatoros", String}, {"fstype", String}, {"usagetype", String}, {"uuid", String}, {"forcecreate", Bool}, {"writesbandgrouponly", Bool}, {"lazyitableinit", Bool}, {"lazyjournalinit", Bool}, {"testfs", Bool}, {"discard", Bool}, {"quotatype", Bool}, {"extent", Bool}, {"filetype", Bool}, {"flexbg", Bool}, {"hasjournal", Bool}, {"journaldev", Bool}, {"largefile", Bool}, {"quota", Bool}, {"resizeinode", Bool}, {"sparsesuper", Bool}, {"uninitbg", Bool}}, Since: "1.19.44"},
	{Name: "mklost_and_found", Proc: 374, Args: []Arg{{"mountpoint", Pathname}}, Since: "1.19.56"},
	{Name: "mke2fs_J", Side: Library, Args: []Arg{{"fstype", String}, {"blocksize", Int}, {"device", Device}, {"journal", Device}}, Deprecated: true, Since: "1.0.68"},
	{Name: "mke2fs_JL", Side: Library, Args: []Arg{{"fstype", String}, {"blocksize", Int}, {"device", Device}, {"label", String}}, Deprecated: true, Since: "1.0.68"},
	{Name: "mke2fs_JU", Side: Library, Args: []Arg{{"fstype", String}, {"blocksize", Int}, {"device", Device}, {"uuid", String}}, Feature: "linuxfsuuid", Deprecated: true, Since: "1.0.68"},
	{Name: "mke2journal_L", Side: Library, Args: []Arg{{"blocksize", Int}, {"label", String}, {"device", Device}}, Deprecated: true, Since: "1.0.68"},
	{Name: "mke2journal_U", Side: Library, Args: []Arg{{"blocksize", Int}, {"uuid", String}, {"device", Device}}, Feature: "linuxfsuuid", Deprecated: true, Since: "1.0.68"},
	{Name: "resize2fs_M", Side: Library, Args: []Arg{{"device", Device}}, Since: "1.9.4"},
}
