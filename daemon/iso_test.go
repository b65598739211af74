package daemon

import (
	"bytes"
	"testing"
)

func TestISOTime(t *testing.T) {
	for text, want := range map[string]int64{
		"0000000000000000\x00": -1,
		"2020010203040500\x00": 1577934245,
		"2020010203040500\x04": 1577934245 - 3600,
		"2020010203040500\xfc": 1577934245 + 3600,
		"                \x00": -1,
		"2020-1-203040500\x00": -1,
	} {
		if got := isoTime([]byte(text)); got != want {
			t.Errorf("isoTime(%q) = %d; want %d", text, got, want)
		}
	}
}

func FuzzReadISO(f *testing.F) {
	f.Add(append(make([]byte, 32768), "\x01CD001"...))
	f.Fuzz(func(t *testing.T, data []byte) { readISO(bytes.NewReader(data), "x") })
}
