package inspect

// Windows are the facts that only Windows has. Paths begin with a slash and
// are spelled as they are on the disk.
type Windows struct {
	Systemroot        string
	SoftwareHive      string
	SystemHive        string
	CurrentControlSet string
	GroupPolicy       *bool // nil when the registry does not tell
}

// Drive is a drive letter and the device that it stands for.
type Drive struct{ Letter, Device string }
