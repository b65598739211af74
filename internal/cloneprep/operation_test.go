package cloneprep

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The operations of virt-sysprep, with its defaults; a minus is one that is off.
const sysprep = `abrt-data backup-files bash-history blkid-tab -ca-certificates crash-data cron-spool customize
dhcp-client-state dhcp-server-state dovecot-data -firewall-rules -flag-reconfiguration -fs-uuids ipa-client
-kerberos-data kerberos-hostkeytab logfiles lvm-system-devices lvm-uuids machine-id mail-spool net-hostname
net-hwaddr net-nmconn pacct-log package-manager-cache pam-data passwd-backups puppet-data-log
rh-subscription-manager rhn-systemid rpm-db samba-db-log script smolt-uuid ssh-hostkeys ssh-userdir sssd-db-log
tmp-files udev-persistent-net -user-account utmp yum-uuid zsh-history`

func TestOperations(t *testing.T) {
	names := strings.Fields(sysprep)
	if len(names) != 45 {
		t.Fatalf("the list has %d names", len(names))
	}
	defaults := Defaults()
	for _, name := range names {
		name, off := strings.CutPrefix(name, "-")
		if !slices.ContainsFunc(operations, func(op Operation) bool { return op.Name == name }) {
			t.Errorf("there is no operation %s", name)
		}
		if slices.Contains(defaults, name) == off {
			t.Errorf("%s: default is %v; want %v", name, off, !off)
		}
	}
	all, err := Select([]string{"all"})
	if err != nil || len(all) != len(operations) || !slices.IsSorted(all) {
		t.Errorf("Select(all) = %v, %v", all, err)
	}
	if last := operations[len(operations)-1].Name; last != "customize" {
		t.Errorf("%s is done last; it would remove what customize made", last)
	}
}

func TestSelect(t *testing.T) {
	for _, test := range []struct {
		list string
		want string
	}{
		{"utmp", "utmp"},
		{"utmp abrt-data utmp", "abrt-data utmp"},
		{"defaults -all utmp", "utmp"},
		{"all -defaults", "ca-certificates firewall-rules flag-reconfiguration fs-uuids kerberos-data user-account"},
		{"user-account -user-account", ""},
	} {
		got, err := Select(strings.Fields(test.list))
		if d := cmp.Diff(test.want, strings.Join(got, " ")); err != nil || d != "" {
			t.Errorf("Select(%s): %v, -want +got:\n%s", test.list, err, d)
		}
	}
	for _, bad := range []string{"nosuch", "", "-", "--utmp", "UTMP"} {
		if _, err := Select([]string{bad}); err == nil {
			t.Errorf("Select(%q) succeeds", bad)
		}
	}
}

func TestWithoutVariables(t *testing.T) {
	got := withoutVariables("A=1\n  HWADDR = x\nexport HWADDR=y\n#HWADDR=z\nHWADDRX=1\nB", "HWADDR")
	if want := "A=1\n#HWADDR=z\nHWADDRX=1\nB"; got != want {
		t.Errorf("withoutVariables = %q; want %q", got, want)
	}
}

func TestIsHome(t *testing.T) {
	for dir, want := range map[string]bool{
		"/home/a": true, "/srv/people/a": true, "/var/lib/jenkins": true, "/data": true,
		"/": false, "/etc": false, "/etc/x": false, "/usr/games": false, "/var": false, "home": false, "": false, "/home/../etc": false,
		"/home/*": false, "/home": false, "/bin": false, "/home/a/": false, "/proc/1": false,
	} {
		if got := isHome(dir); got != want {
			t.Errorf("isHome(%q) = %v; want %v", dir, got, want)
		}
	}
}

func TestAccounts(t *testing.T) {
	gone := map[string]bool{"ann": true, "bob": true}
	for _, test := range []struct {
		in, want string
		isGroups bool
	}{
		{"root:x:0:0:::\nann:x:1000:1000::/home/ann:/bin/sh\ncarl:x:1:1:::", "root:x:0:0:::\ncarl:x:1:1:::", false},
		{"adm:x:4:ann,carl,bob\nann:x:1000:\nempty:x:5:\n", "adm:x:4:carl\nempty:x:5:\n", true},
		{"adm:!:ann:ann,carl", "adm:!::carl", true},
		{"annx:x:1\n\n", "annx:x:1\n\n", false},
	} {
		if got := withoutAccounts(test.in, gone, test.isGroups); got != test.want {
			t.Errorf("withoutAccounts(%q) = %q; want %q", test.in, got, test.want)
		}
	}
	if n := loginDef("#UID_MIN 1\n UID_MIN\t\t 500 \n", "UID_MIN", 1000); n != 500 {
		t.Errorf("UID_MIN = %d; want 500", n)
	}
	if n := freeID("a:x:1000:\nb:x:1002:\n", "g:x:1001:\n"); n != 1003 {
		t.Errorf("freeID = %d; want 1003", n)
	}
}

func FuzzTexts(f *testing.F) {
	f.Add("a:x:1000:1000::/home/a:/bin/sh\n127.0.0.1 old old.example # old\nHOSTNAME=old\nInitiatorName=iqn.2004-10.com.x:01:abc\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range parsePasswd(text) {
			if a.name == "" {
				t.Error("an account without a name")
			}
		}
		withoutAccounts(text, map[string]bool{"a": true}, true)
		if again := renameHosts(renameHosts(text, "old", "new"), "new", "old"); len(again) != len(text) {
			t.Errorf("renameHosts there and back: %q, was %q", again, text)
		}
		if got := renameHosts(text, "no-such-name.example", "x"); got != text {
			t.Errorf("renameHosts changes %q to %q", text, got)
		}
		newInitiator(text)
		setVariable(text, "HOSTNAME", "new")
		isSigned([]byte(text))
		changedLines(text, text+"x")
	})
}
