package guestfs

import (
	"encoding/binary"
	"strings"
	"testing"

	"virt-tools/internal/wire"
)

// sent is an application as the daemon sends it.
func sent(name string) string {
	var e wire.Encoder
	(&wire.Application2{App2Name: name, App2Epoch: 1, App2Spare4: "last"}).Encode(&e)
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(e.Bytes())))) + string(e.Bytes())
}

func TestApplicationReader(t *testing.T) {
	for name, test := range map[string]struct {
		sent string
		want string // names
		err  string
		rest int
	}{
		"none":         {"", "", "", 0},
		"two":          {sent("b") + sent("a"), "b a", "", 0},
		"half":         {sent("b") + sent("a")[:40], "b", "", 40},
		"half length":  {"\x00\x00\x00", "", "", 3},
		"huge":         {"\xff\xff\xff\xff", "", "an application of 4294967295 bytes", 0},
		"short":        {"\x00\x00\x00\x04\x00\x00\x00\x00", "", "message is too short", 0},
		"text too big": {"\x00\x00\x00\x08\x00\x00\x00\xff\x00\x00\x00\x00", "", "message", 0},
	} {
		for _, chunk := range []int{1, 7, 1 << 20} { // wherever the stream is cut
			r := &applicationReader{op: "inspect_list_applications2"}
			var err error
			for b := test.sent; b != "" && err == nil; {
				n := min(chunk, len(b))
				_, err = r.Write([]byte(b[:n]))
				b = b[n:]
			}
			var names []string
			for _, a := range r.list {
				if a.App2Epoch != 1 || a.App2Spare4 != "last" {
					t.Errorf("%s: %+v", name, a)
				}
				names = append(names, a.App2Name)
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("%s: %q; want %q", name, got, test.want)
			}
			if test.err == "" && (err != nil || len(r.rest) != test.rest) || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("%s: %d bytes over, error %v; want %d, %q", name, len(r.rest), err, test.rest, test.err)
			}
		}
	}
	r := &applicationReader{op: "x", all: applicationsMax}
	if _, err := r.Write([]byte("1")); err == nil {
		t.Error("no limit")
	}
}
