package daemon

import "testing"

func TestMegabytes(t *testing.T) {
	for line, want := range map[string]string{
		"":                   "",
		",":                  ",",
		"1,100":              "1MiB,100MiB",
		",100,82":            ",100MiB,82",
		" 1 , 100 , 83, *":   "1MiB,100MiB, 83, *",
		",+":                 ",+",
		"+1,+7,L":            "+1MiB,+7MiB,L",
		"2048s,1G":           "2048s,1G",
		"start=1, size=2,83": "start=1, size=2,83",
	} {
		if got := megabytes(line); got != want {
			t.Errorf("megabytes(%q) = %q; want %q", line, got, want)
		}
	}
}
