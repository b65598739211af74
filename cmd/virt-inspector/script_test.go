package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"virt-tools/test/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"virt-inspector": main})
}

// TestScript runs the scripts, which launch nothing. TestVMGuests looks at real disks.
func TestScript(t *testing.T) { script.Run(t) }
