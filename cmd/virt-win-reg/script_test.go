package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"virt-tools/test/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"virt-win-reg": main})
}

// TestScript runs the scripts, which launch nothing: beside the tool of libguestfs it runs in test/compare.
func TestScript(t *testing.T) { script.Run(t) }
