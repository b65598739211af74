package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"virt-appliance": main})
}

// TestScript runs the scripts that build no appliance: its own package tests that.
func TestScript(t *testing.T) {
	scripts(t, false, func(env *testscript.Env) error {
		uid := strconv.Itoa(os.Geteuid())
		env.Setenv("UID", uid)
		env.Setenv("LIBGUESTFS_CACHEDIR", env.WorkDir+"/cache")
		return os.MkdirAll(env.WorkDir+"/cache/virt-tools-"+uid, 0o700)
	})
}

// TestVMScript runs the scripts vm-*, which start the appliance of this user's cache.
func TestVMScript(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is started")
	}
	scripts(t, true, func(env *testscript.Env) error {
		for _, name := range []string{"HOME", "LIBGUESTFS_CACHEDIR", "VIRT_TOOLS_GUESTFSD", "XDG_CACHE_HOME"} {
			if value, ok := os.LookupEnv(name); ok {
				env.Setenv(name, value)
			}
		}
		env.Setenv("PATH", env.Getenv("PATH")+":/usr/sbin:/sbin")
		return nil
	})
}

// scripts runs those that start a machine, or the others.
func scripts(t *testing.T, vm bool, setup func(*testscript.Env) error) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasPrefix(filepath.Base(f), "vm-") != vm })
	testscript.Run(t, testscript.Params{Files: files, RequireExplicitExec: true, Setup: setup})
}
