package api

// groups lists the files of the table. A group has the same file name here, in
// pkg/guestfs and in daemon/.
var groups = []struct {
	name  string
	calls []Call
}{
	{"acl", aclCalls},
	{"archive", archiveCalls},
	{"augeas", augeasCalls},
	{"blockdev", blockdevCalls},
	{"bootloader", bootloaderCalls},
	{"btrfs", btrfsCalls},
	{"checksum", checksumCalls},
	{"command", commandCalls},
	{"debug", debugCalls},
	{"drives", drivesCalls},
	{"ext", extCalls},
	{"f2fs", f2fsCalls},
	{"file", fileCalls},
	{"filesystem", filesystemCalls},
	{"forensic", forensicCalls},
	{"handle", handleCalls},
	{"hivex", hivexCalls},
	{"initrd", initrdCalls},
	{"inotify", inotifyCalls},
	{"inspection", inspectionCalls},
	{"journal", journalCalls},
	{"ldm", ldmCalls},
	{"luks", luksCalls},
	{"lvm", lvmCalls},
	{"md", mdCalls},
	{"mount", mountCalls},
	{"ntfs", ntfsCalls},
	{"partitions", partitionsCalls},
	{"selinux", selinuxCalls},
	{"stat", statCalls},
	{"swap", swapCalls},
	{"text", textCalls},
	{"transfer", transferCalls},
	{"xattr", xattrCalls},
	{"xfs", xfsCalls},
	{"yara", yaraCalls},
	{"own", ownCalls},
}
