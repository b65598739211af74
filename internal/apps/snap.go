package apps

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

const snapFiles = "var/lib/snapd/snaps"

// snapFolders are where snaps are mounted. The second is that of Fedora.
var snapFolders = []string{"snap", "var/lib/snapd/snap"}

// snaps lists the snaps by their files, NAME_REVISION.snap. Of the revisions
// that are kept, the one counts that snapd's link names, or else the last. The
// version is known inside of the file only, and stays unknown.
func (l *lister) snaps() {
	revisions := map[string]string{}
	var order []string
	for _, file := range l.names(snapFiles) {
		name, revision, ok := strings.Cut(strings.TrimSuffix(file, ".snap"), "_")
		if !ok || name == "" || !strings.HasSuffix(file, ".snap") {
			continue
		}
		have, seen := revisions[name]
		if !seen {
			order = append(order, name)
		}
		if !seen || newer(revision, have) {
			revisions[name] = revision
		}
	}
	for _, name := range order {
		a := Application{Name: name, Release: revisions[name]}
		for _, folder := range snapFolders {
			dir := path.Join(folder, name)
			to, err := fs.ReadLink(l.fsys, path.Join(dir, "current"))
			if err == nil && to != "" && !strings.Contains(to, "/") {
				a.Release, a.InstallPath = to, "/"+path.Join(dir, to)
				break
			}
		}
		if !l.emit(a) {
			return
		}
	}
}

// newer compares revisions: numbers, or x1, x2, ... of snaps that came from no
// store.
func newer(a, b string) bool {
	number := func(s string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(s, "x"))
		if err != nil {
			return -1
		}
		return n
	}
	return number(a) > number(b)
}
