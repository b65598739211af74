package apps

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Files that are gigantic (and mostly holes) behind a beginning that is right:
// what is at the beginning is listed, and the rest is not read for ever.
func TestGigantic(t *testing.T) {
	const size = 1 << 40
	for _, test := range []struct {
		sys        System
		file, text string
		want       int
		warning    string
	}{
		{System{Format: "deb"}, dpkgStatus, status, 3, dpkgStatus + ": only the first"},
		{System{Format: "apk"}, apkDatabases[0], apkInstalled, 2, apkDatabases[0] + ": only the first"},
		{System{Format: "xbps"}, xbpsFolder + "/pkgdb-0.38.plist", plist, 2, ": only the first"},
		{System{Format: "pacman"}, pacmanFolders[0] + "/acl/desc", desc, 0, "unreasonably large"},
		{System{Format: "rpm"}, "var/lib/rpm/Packages.db", string(ndb("a").Data), 1, ""},
		{System{Format: "rpm"}, "var/lib/rpm/rpmdb.sqlite", "SQLite format 3\x00\x10\x00", 0, "damaged"},
		{System{Format: "rpm"}, "var/lib/rpm/Packages", strings.Repeat("\x00", 12) + "\x61\x15\x06\x00" + "\x09\x00\x00\x00" + "\x00\x10\x00\x00" +
			"\x00\x08" + strings.Repeat("\x00", 46) + "\xff\xff\xff\xff", 0, "damaged"},
		{System{SoftwareHive: softwareHive}, softwareHive, "regf", 0, "not a registry hive"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, filepath.FromSlash(test.file))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(test.text), 0o644), os.Truncate(file, size)); err != nil {
			t.Fatal(err)
		}
		list, warnings := List(os.DirFS(dir), test.sys)
		told := strings.Join(warnings, "\n")
		if len(list) != test.want || !strings.Contains(told, test.warning) {
			t.Errorf("%s: %d applications, warnings %q; want %d and %q", test.file, len(list), told, test.want, test.warning)
		}
	}
}
