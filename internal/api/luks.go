package api

// luksCalls are the calls about encrypted devices.
var luksCalls = []Call{
	{Name: "luks_open", Proc: 257, Args: []Arg{{"device", Device}, {"key", Key}, {"mapname", String}}, Feature: "luks", Deprecated: true, Since: "1.5.1", Status: Done, Summary: "open a LUKS device"},
	{Name: "luks_open_ro", Proc: 258, Args: []Arg{{"device", Device}, {"key", Key}, {"mapname", String}}, Feature: "luks", Deprecated: true, Since: "1.5.1", Status: Done, Summary: "open a LUKS device read-only"},
	{Name: "luks_close", Proc: 259, Args: []Arg{{"device", Device}}, Feature: "luks", Deprecated: true, Since: "1.5.1", Status: Done, Summary: "close an encrypted device"},
	{Name: "luks_format", Proc: 260, Args: []Arg{{"device", Device}, {"key", Key}, {"keyslot", Int}}, Feature: "luks", Since: "1.5.2", Status: Done, Summary: "make a LUKS device"},
	{Name: "luks_format_cipher", Proc: 261, Args: []Arg{{"device", Device}, {"key", Key}, {"keyslot", Int}, {"cipher", String}}, Feature: "luks", Since: "1.5.2", Status: Done, Summary: "make a LUKS device with a cipher"},
	{Name: "luks_add_key", Proc: 262, Args: []Arg{{"device", Device}, {"key", Key}, {"newkey", Key}, {"keyslot", Int}}, Feature: "luks", Since: "1.5.2", Status: Done, Summary: "add a key to a LUKS device"},
	{Name: "luks_kill_slot", Proc: 263, Args: []Arg{{"device", Device}, {"key", Key}, {"keyslot", Int}}, Feature: "luks", Since: "1.5.2", Status: Done, Summary: "remove a key from a LUKS device"},
	{Name: "luks_uuid", Proc: 507, Args: []Arg{{"device", Device}}, Ret: Ret{Kind: RetString, Name: "uuid"}, Feature: "luks", Since: "1.41.9", Status: Done, Summary: "UUID of a LUKS device"},
	{Name: "cryptsetup_open", Proc: 508, Args: []Arg{{"device", Device}, {"key", Key}, {"mapname", String}}, Opts: []Arg{{"readonly", Bool}, {"crypttype", String}, {"cipher", String}}, Feature: "luks", Since: "1.43.2", Status: Done, Summary: "open an encrypted device"},
	{Name: "cryptsetup_close", Proc: 509, Args: []Arg{{"device", Device}}, Feature: "luks", Since: "1.43.2", Status: Done, Summary: "close an encrypted device"},
	{Name: "clevis_luks_unlock", Proc: 512, Args: []Arg{{"device", Device}, {"mapname", String}}, Feature: "clevisluks", Since: "1.49.3", Status: NotPlanned, Note: "clevis is a set of shell scripts around a network client; unlock on the host and pass the key"},
}
