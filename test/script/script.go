// Package script runs the scripts of a program, testdata/*.txtar, which call it as a user would.
//
//	func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"virt-df": main}) }
//	func TestScript(t *testing.T) { script.Run(t) }
//	func TestVMScript(t *testing.T) { script.RunVM(t, "mke2fs") }
//
// Those named vm-* launch an appliance. It is for tests alone, and makes no guests.
package script

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Update says that what is expected is written anew: go test ./cmd/virt-df -update.
var Update = flag.Bool("update", false, "write the golden files anew")

// vmPrefix begins the names of scripts that launch an appliance.
const vmPrefix = "vm-"

// Run runs the scripts that launch nothing. In the environment of each, BIN is the folder
// of the program.
func Run(t *testing.T) {
	t.Helper()
	run(t, false)
}

// RunVM runs those that launch an appliance, with programs of the host that they need.
func RunVM(t *testing.T, needs ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", path+systemFolders)
	for _, name := range append(needs, "qemu-system-x86_64") {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is needed: %v", name, err)
		}
	}
	t.Setenv("PATH", path)
	run(t, true)
}

// systemFolders hold mke2fs and the like, for users who do not have them in their PATH.
const systemFolders = ":/usr/sbin:/sbin"

// kept are the variables that reach the scripts: where the appliance is built and kept.
var kept = []string{
	"HOME", "LIBGUESTFS_BACKEND_SETTINGS", "LIBGUESTFS_CACHEDIR", "LIBGUESTFS_PATH", "VIRT_TOOLS_GUESTFSD", "XDG_CACHE_HOME",
}

func run(t *testing.T, vm bool) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasPrefix(filepath.Base(f), vmPrefix) != vm })
	if len(files) == 0 {
		t.Fatal("there is no such script")
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		UpdateScripts:       *Update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for _, name := range kept {
				if value, ok := os.LookupEnv(name); ok {
					env.Setenv(name, value)
				}
			}
			env.Setenv("BIN", filepath.SplitList(env.Getenv("PATH"))[0])
			env.Setenv("PATH", env.Getenv("PATH")+systemFolders)
			return nil
		},
	})
}
