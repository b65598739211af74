package qemu

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Identity describes all that a saved machine depends on: it can be restored where the
// text is the same. The kernel and the initramfs stand for themselves; which
// they are, the caller adds when their names do not say it.
func (c *Config) Identity() (string, error) {
	full := *c
	full.Kernel, full.Initrd = "", ""
	config, err := full.complete()
	if err != nil {
		return "", err
	}
	binary, err := filepath.EvalSymlinks(config.Binary)
	if err != nil {
		return "", fmt.Errorf("qemu: %w", err)
	}
	stamp, err := stampOf(binary)
	if err != nil {
		return "", fmt.Errorf("qemu: %w", err)
	}
	lines := []string{
		"qemu " + stamp,
		"arguments " + strings.Join(arguments(&config, memory{}), " "),
		"kernel line " + kernelLine(&config),
	}
	if config.Accel == "kvm" {
		// The guest has the host's processor, and has chosen its code by that.
		lines = append(lines, "processor "+processor("/proc/cpuinfo"), "host kernel "+release())
	}
	return strings.Join(lines, "\n"), nil
}

// stampOf names a file and its version, as far as that can be told without reading it.
func stampOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	st := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%s %d %d %d.%09d", path, info.Size(), info.ModTime().UnixNano(), st.Ctim.Sec, st.Ctim.Nsec), nil
}

// processor is what the first processor of a cpuinfo file can do.
func processor(cpuinfo string) string {
	text, err := os.ReadFile(cpuinfo)
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), "\n\n")
	var kept []string
	for line := range strings.Lines(first) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(name) {
		case "vendor_id", "cpu family", "model", "stepping", "microcode", "flags":
			kept = append(kept, strings.TrimSpace(value))
		}
	}
	return strings.Join(kept, "|")
}

func release() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}
