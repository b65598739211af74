package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"virt-alignment-scan": main})
}

// TestScript runs the scripts, which launch nothing. On real disks the tool runs beside
// libguestfs's in test/compare.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true})
}
