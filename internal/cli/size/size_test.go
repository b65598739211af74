package size

import (
	"math"
	"testing"
)

// Most of the wanted values were read off virt-df -h of guestfs-tools 1.48.
func TestHuman(t *testing.T) {
	const kib, mib = 1024, 1024 * 1024
	tests := []struct {
		n, unit int64
		want    string
	}{
		{0, 4096, "0"},
		{1, 512, "512"},
		{1023, 1, "1023"},
		{1, 1024, "1.0K"},
		{3, 512, "1.5K"},
		{5, 512, "2.5K"},
		{4096, 1, "4.0K"},
		{19, 512, "9.5K"},
		{20, 512, "10K"},
		{21, 512, "10K"}, // 10.5: to even
		{23, 512, "12K"}, // 11.5: to even
		{1023, 512, "512K"},
		{2046, 512, "1023K"},
		{2047, 512, "1.0M"}, // 1023.5K
		{2048, 512, "1.0M"},
		{2049, 512, "1.0M"},
		{8095, 512, "4.0M"},
		{10200, kib, "10M"}, // 9.96M
		{1280, 1, "1.2K"},   // 1.25: to even
		{1408, 1, "1.4K"},   // 1.375
		{1, mib, "1.0M"},
		{math.MaxInt64, 1, "8.0E"},
		{math.MaxInt64, 4096, "32Z"},
		{math.MaxInt64, math.MaxInt64, "67108864Q"},
		{-3, 512, "-1.5K"},
	}
	for _, test := range tests {
		if got := Human(test.n, test.unit); got != test.want {
			t.Errorf("Human(%d, %d) = %q; want %q", test.n, test.unit, got, test.want)
		}
	}
}

func TestBytes(t *testing.T) {
	if got, want := Bytes(math.MaxInt64, 4096), "37778931862957161705472"; got != want {
		t.Errorf("Bytes = %s; want %s", got, want)
	}
}

func TestKibi(t *testing.T) {
	tests := []struct {
		n, unit int64
		want    string
	}{
		{0, 1024, "0"},
		{1, 512, "0"},
		{3, 512, "1"},
		{8095, 512, "4047"},
		{61394, 4096, "245576"},
		{-1, 4096, "-4"},
		{math.MaxInt64, 1 << 20, "9444732965739290426368"},
	}
	for _, test := range tests {
		if got := Kibi(test.n, test.unit); got != test.want {
			t.Errorf("Kibi(%d, %d) = %q; want %q", test.n, test.unit, got, test.want)
		}
	}
}
