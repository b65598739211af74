package qemu

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAccelerator(t *testing.T) {
	for _, want := range []string{"tcg", "kvm"} {
		if got, why := Accelerator(want); got != want || why != "asked for" {
			t.Errorf("Accelerator(%q) = %q, %q", want, got, why)
		}
	}
	got, why := Accelerator("")
	if (got != "tcg" && got != "kvm") || why == "" {
		t.Errorf("Accelerator(\"\") = %q, %q", got, why)
	}
	t.Log(got, why)
}

func TestProbeKVM(t *testing.T) {
	err := probeKVM(filepath.Join(t.TempDir(), "kvm"), "/proc/cpuinfo")
	if !errors.Is(err, os.ErrNotExist) || HintOf(err) != hintKVM {
		t.Errorf("probe of a missing device = %v, hint %q", err, HintOf(err))
	}
	if err := probeKVM("/dev/null", "/proc/cpuinfo"); err == nil || !strings.Contains(err.Error(), "API version") {
		t.Errorf("probe of /dev/null = %v", err)
	}
}

func TestHardwareVirtual(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"processor\t: 0\nflags\t\t: fpu vmx sse\n", true},
		{"flags\t\t: fpu svm\n", true},
		{"flags\t\t: fpu vme svm_lock avmx\n", false},
		{"flags\t\t: fpu\nvmx flags\t: vnmi\n", false},
		{"no such line\n", true},
	}
	for _, test := range tests {
		name := filepath.Join(t.TempDir(), "cpuinfo")
		if err := os.WriteFile(name, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := hardwareVirtual(name); got != test.want {
			t.Errorf("hardwareVirtual(%q) = %v; want %v", test.text, got, test.want)
		}
	}
}
