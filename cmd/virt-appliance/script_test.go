package main

import (
	"os"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"virt-appliance": main})
}

// TestScript runs testdata/*.txtar. They build no appliance: the appliance package's own tests do.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			uid := strconv.Itoa(os.Geteuid())
			env.Setenv("UID", uid)
			env.Setenv("LIBGUESTFS_CACHEDIR", env.WorkDir+"/cache")
			return os.MkdirAll(env.WorkDir+"/cache/virt-tools-"+uid, 0o700)
		},
	})
}
