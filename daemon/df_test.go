package daemon

import "testing"

func TestHumanUp(t *testing.T) {
	for bytes, want := range map[uint64]string{
		0: "0", 1: "1", 1023: "1023", 1024: "1.0K", 1025: "1.1K", 9 << 10: "9.0K", 10<<10 - 1: "10K", 10<<10 + 1: "11K",
		1<<20 - 1: "1.0M", 1536 << 20: "1.5G", 1 << 63: "8.0E", 1<<64 - 1: "16E",
	} {
		if got := humanUp(bytes); got != want {
			t.Errorf("humanUp(%d) = %q; want %q", bytes, got, want)
		}
	}
}
