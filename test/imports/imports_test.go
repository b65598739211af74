// Package imports tests which way the arrows between packages point.
package imports

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// forbidden lists what a package must not reach, directly or through others,
// and why.
var forbidden = []struct{ from, to, why string }{
	{"virt-tools/daemon", "virt-tools/pkg/guestfs", "the two ends meet on the wire only"},
	{"virt-tools/daemon", "virt-tools/internal/qemu", "the daemon runs inside the machine"},
	{"virt-tools/daemon", "virt-tools/internal/cli", "the daemon has no command line"},
	{"virt-tools/daemon/guestfsd", "net/http", "the appliance's memory and start-up time are precious"},
	{"virt-tools/daemon/guestfsd", "net", "likewise"},
	{"virt-tools/pkg/guestfs", "virt-tools/daemon", "the two ends meet on the wire only"},
	{"virt-tools/pkg/guestfs", "virt-tools/internal/cli", "the package serves other programs, which have command lines of their own"},
	{"virt-tools/pkg/guestfs", "github.com/alecthomas/kong", "likewise"},
	{"virt-tools/internal/wire", "virt-tools/internal/api", "the wire knows no calls"},
	{"virt-tools/internal/qemu", "virt-tools/internal/wire", "the machine does not know what is said on its channel"},
	{"virt-tools/internal/qemu", "virt-tools/appliance", "the machine boots any kernel"},
	{"virt-tools/appliance", "virt-tools/internal/qemu", "building needs no machine"},
	{"virt-tools/internal/cli", "virt-tools/appliance/pack", "a program is not a package"},
}

// TestForbidden asks the go command, which the cache of test results does not see: run it
// with -count=1 after a change elsewhere.
func TestForbidden(t *testing.T) {
	deps := map[string][]string{}
	for _, f := range forbidden {
		if deps[f.from] == nil {
			out, err := exec.Command("go", "list", "-deps", f.from).Output()
			if err != nil {
				t.Fatalf("go list -deps %s: %v", f.from, err)
			}
			deps[f.from] = strings.Fields(string(out))
		}
		if slices.Contains(deps[f.from], f.to) {
			t.Errorf("%s reaches %s, which it must not: %s", f.from, f.to, f.why)
		}
	}
}

// TestNothingImportsPrograms: cmd/ is the top of the house.
func TestNothingImportsPrograms(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}`, "virt-tools/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(to, "virt-tools/cmd/") {
			t.Errorf("%s imports the program %s", from, to)
		}
	}
}
