package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"virt-tools/test/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"virt-edit": main})
}

// TestScript runs the scripts that launch nothing.
func TestScript(t *testing.T) { script.Run(t) }

// TestVMScript runs those that launch an appliance and look at real disks.
func TestVMScript(t *testing.T) { script.RunVM(t, "qemu-img", "mke2fs", "debugfs") }
