package daemon

import (
	"fmt"
	"testing"
)

// TestSubvolumePath: what the tree of roots says is the guest's.
func TestSubvolumePath(t *testing.T) {
	refs := map[uint64]backref{
		256: {parent: 5, dir: 256, name: "@"},
		257: {parent: 256, dir: 300, name: "snapshot"},
		258: {parent: 257, dir: 256, name: "deep"},
		260: {parent: 261, dir: 256, name: "a"},
		261: {parent: 260, dir: 256, name: "b"},
		262: {parent: 5, dir: 256, name: "../etc"},
		263: {parent: 999, dir: 256, name: "orphan"},
		264: {parent: 5, dir: 404, name: "gone"},
	}
	lookup := func(_, dir uint64) (string, error) {
		switch dir {
		case 300:
			return "var/lib/", nil
		case 404:
			return "", fmt.Errorf("no such directory")
		}
		return "", nil
	}
	for id, want := range map[uint64]string{
		256: "@", 257: "@/var/lib/snapshot", 258: "@/var/lib/snapshot/deep", 260: "", 262: "", 263: "", 264: "",
	} {
		got, err := subvolumePath(refs, id, btrfsTopLevel, lookup)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("subvolumePath(%d) = %q, %v; want %q", id, got, err, want)
		}
	}
}
