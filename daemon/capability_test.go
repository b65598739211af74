package daemon

import (
	"encoding/hex"
	"testing"
)

// TestCapabilities: the attributes and texts are those of libcap 2.66.
func TestCapabilities(t *testing.T) {
	for _, tc := range []struct{ text, attr, want string }{
		{"cap_chown,cap_net_raw=ep", "0100000201200000000000000000000000000000", "cap_chown,cap_net_raw=ep"},
		{"cap_chown=p cap_net_raw+i", "0000000201000000002000000000000000000000", "cap_net_raw=i cap_chown+p"},
		{"=ep", "01000002ffffffff00000000ff01000000000000", "=ep"},
		{"", "0000000200000000000000000000000000000000", "="},
		{"=ep cap_chown,cap_kill-ep", "01000002deffffff00000000ff01000000000000", "=ep cap_chown,cap_kill-ep"},
		{"=p cap_chown-p", "00000002feffffff00000000ff01000000000000", "=p cap_chown-p"},
		{"cap_chown=eip cap_kill=ei cap_setuid=ep", "0100000281000000210000000000000000000000", "cap_chown=eip cap_kill+ei cap_setuid+ep"},
		{"all=ep", "01000002ffffffff00000000ff01000000000000", "=ep"},
		{"=ip cap_bpf-i", "00000002ffffffffffffffffff0100007f010000", "=ip cap_bpf-i"},
		{"cap_chown=p-p", "0000000200000000000000000000000000000000", "="},
		{"cap_chown=p+i", "0000000201000000010000000000000000000000", "cap_chown=ip"},
		{"45=ep", "0100000200000000000000000020000000000000", "= 45+ep"},
		{"cap_chown=ep 50=ep", "0100000201000000000000000000040000000000", "cap_chown=ep 50+ep"},
		{"=ep cap_chown=ei", "01000002feffffff01000000ff01000000000000", "=ep cap_chown+i-p"},
		{"cap_chown=ep cap_kill=ei cap_setuid=eip", "0100000281000000a00000000000000000000000", "cap_setuid=eip cap_kill+ei cap_chown+ep"},
		{"cap_chown=e", "0100000200000000000000000000000000000000", "="},
	} {
		sets, err := parseCaps(tc.text)
		if err != nil {
			t.Errorf("parseCaps(%q): %v", tc.text, err)
			continue
		}
		attr, ok := sets.encode()
		if got := hex.EncodeToString(attr); got != tc.attr || !ok {
			t.Errorf("%q is stored as %s, %v; want %s", tc.text, got, ok, tc.attr)
		}
		sets, err = decodeCaps(attr)
		if got := sets.String(); got != tc.want || err != nil {
			t.Errorf("%q is read back as %q, %v; want %q", tc.text, got, err, tc.want)
		}
	}
	for _, text := range []string{"+p", "cap_chown", "cap_chown+", "cap_chown=p=i", "CAP_CHOWN=P", "cap_chown,=p", "cap_chown==p", "nonsense=p", "64=p"} {
		if sets, err := parseCaps(text); err == nil {
			t.Errorf("parseCaps(%q) = %v; want an error", text, sets)
		}
	}
	if sets, err := parseCaps("=eip cap_kill-e"); err != nil {
		t.Error(err)
	} else if _, ok := sets.encode(); ok {
		t.Error("capabilities of which some are effective were stored")
	}
	for _, attr := range []string{"", "000000", "00000002", "00000009ffffffff00000000ff01000000000000", "00000002ffffffff00000000ff010000000000"} {
		b, err := hex.DecodeString(attr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeCaps(b); err == nil {
			t.Errorf("decodeCaps(%s): no error", attr)
		}
	}
}

func FuzzDecodeCaps(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, attr []byte) {
		if sets, err := decodeCaps(attr); err == nil {
			if _, err := parseCaps(sets.String()); err != nil && sets.unnamed() == "" {
				t.Error(err)
			}
		}
	})
}
