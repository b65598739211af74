package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"virt-inspector": main})
}

// TestScript runs the scripts that launch nothing.
func TestScript(t *testing.T) { scripts(t, "testdata/[a-z]*.txtar", "testdata/vm-*.txtar") }

// TestVMScript runs those that launch an appliance and look at real disks.
func TestVMScript(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	for _, name := range []string{"qemu-system-x86_64", "qemu-img", "mke2fs"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is needed: %v", name, err)
		}
	}
	scripts(t, "testdata/vm-*.txtar", "")
}

// kept are the variables that reach the scripts: where the appliance is built and kept.
var kept = []string{
	"HOME", "LIBGUESTFS_BACKEND_SETTINGS", "LIBGUESTFS_CACHEDIR", "LIBGUESTFS_PATH", "VIRT_TOOLS_GUESTFSD", "XDG_CACHE_HOME",
}

// scripts runs the scripts that match the first pattern and not the second.
func scripts(t *testing.T, pattern, not string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var chosen []string
	for _, file := range files {
		if excluded, _ := filepath.Match(not, file); !excluded {
			chosen = append(chosen, file)
		}
	}
	if len(chosen) == 0 {
		t.Fatalf("no script matches %s", pattern)
	}
	testscript.Run(t, testscript.Params{
		Files:               chosen,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for _, name := range kept {
				if value, ok := os.LookupEnv(name); ok {
					env.Setenv(name, value)
				}
			}
			env.Setenv("PATH", env.Getenv("PATH")+":/usr/sbin:/sbin")
			return nil
		},
	})
}
