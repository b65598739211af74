package qemu

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// PrivateBytes is how much memory QEMU has to itself: written pages of its own and of the
// guest. What it only reads of its program and of a saved machine's RAM is shared
// by all machines, and is not in it.
func (m *Machine) PrivateBytes() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", m.PID()))
	if err != nil {
		return 0, err
	}
	return privateBytes(string(text))
}

// privateBytes adds up anonymous pages (copies of shared ones too), kept memory, and
// what of them is swapped out.
func privateBytes(rollup string) (int64, error) {
	var sum int64
	found := false
	for line := range strings.Lines(rollup) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "Anonymous", "Pss_Shmem", "Swap":
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("smaps_rollup: %w", err)
			}
			sum += kb << 10
			found = true
		}
	}
	if !found {
		return 0, fmt.Errorf("smaps_rollup: no figures in %.100q", rollup)
	}
	return sum, nil
}
