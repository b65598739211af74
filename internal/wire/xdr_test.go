package wire

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEncoding compares with bytes written by hand from RFC 4506.
func TestEncoding(t *testing.T) {
	text := "ab"
	for name, tt := range map[string]struct {
		encode func(*Encoder)
		want   string
	}{
		"int":        {func(e *Encoder) { e.Int32(-2) }, "fffffffe"},
		"hyper":      {func(e *Encoder) { e.Int64(-2) }, "fffffffffffffffe"},
		"bool":       {func(e *Encoder) { e.Bool(true) }, "00000001"},
		"float":      {func(e *Encoder) { e.Float32(-1) }, "bf800000"},
		"string":     {func(e *Encoder) { e.String("abcde") }, "00000005" + "6162636465000000"},
		"empty":      {func(e *Encoder) { e.String("") }, "00000000"},
		"opaque":     {func(e *Encoder) { e.Opaque([]byte{1, 2, 3, 4}) }, "0000000401020304"},
		"fixed":      {func(e *Encoder) { e.Fixed("xyz", 5) }, "78797a0000000000"},
		"optional":   {func(e *Encoder) { e.OptString(&text) }, "00000001" + "0000000261620000"},
		"no text":    {func(e *Encoder) { e.OptString(nil) }, "00000000"},
		"list":       {func(e *Encoder) { e.Strings([]string{"a", ""}) }, "00000002" + "0000000161000000" + "00000000"},
		"hash table": {func(e *Encoder) { e.Pairs([]Pair{{"k", "v"}}) }, "00000002" + "000000016b000000" + "0000000176000000"},
		"structure": {func(e *Encoder) {
			EncodeList(e, []Partition{{PartNum: 1, PartStart: 2, PartEnd: 3, PartSize: 4}})
		}, "00000001" + "00000001" + "0000000000000002" + "0000000000000003" + "0000000000000004"},
	} {
		t.Run(name, func(t *testing.T) {
			var e Encoder
			tt.encode(&e)
			if got := hex.EncodeToString(e.Bytes()); got != tt.want {
				t.Errorf("encoded = %s; want %s", got, tt.want)
			}
		})
	}
}

func TestIntRange(t *testing.T) {
	var e Encoder
	e.Int(1 << 31)
	if e.Err() == nil {
		t.Error("Int(1<<31): Err() = nil; want an error")
	}
}

func TestRoundTrip(t *testing.T) {
	var e Encoder
	lv := LV{LvName: "root", LvUuid: "0123456789abcdef0123456789abcdef", LvSize: 1 << 40, SnapPercent: -1, Modules: "dm"}
	lv.Encode(&e)
	e.Strings([]string{"x", "yy", "zzz"})
	d := NewDecoder(e.Bytes())
	var got LV
	got.Decode(d)
	list := d.Strings()
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lv, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"x", "yy", "zzz"}, list); diff != "" {
		t.Error(diff)
	}
}

func TestDecoderRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		msg  string
		take func(*Decoder)
	}{
		"short number":     {"000000", func(d *Decoder) { d.Uint32() }},
		"short text":       {"0000000561626364", func(d *Decoder) { _ = d.String() }},
		"padding missing":  {"000000056162636465", func(d *Decoder) { _ = d.String() }},
		"huge text":        {"ffffffff00000000", func(d *Decoder) { _ = d.String() }},
		"huge list":        {"7fffffff00000000", func(d *Decoder) { d.Strings() }},
		"huge structures":  {"7fffffff00000000", func(d *Decoder) { DecodeList[Partition](d) }},
		"odd hash table":   {"000000010000000161000000", func(d *Decoder) { d.Pairs() }},
		"truth value 2":    {"00000002", func(d *Decoder) { d.Bool() }},
		"bytes left over":  {"0000000100000000", func(d *Decoder) { d.Uint32() }},
		"optional cut off": {"00000001", func(d *Decoder) { d.OptString() }},
	} {
		t.Run(name, func(t *testing.T) {
			msg, err := hex.DecodeString(tt.msg)
			if err != nil {
				t.Fatal(err)
			}
			d := NewDecoder(msg)
			tt.take(d)
			if d.Finish() == nil {
				t.Errorf("decoding %s gave no error", tt.msg)
			}
		})
	}
}

// FuzzDecoder takes values off any bytes: no panic, no allocation beyond the
// size of the message, and after an error nothing but zero values.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 1, 'a', 0, 0, 0}, []byte{7, 3, 1})
	f.Add(bytes.Repeat([]byte{0xff}, 64), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, msg, kinds []byte) {
		d := NewDecoder(msg)
		for _, k := range kinds {
			switch k % 10 {
			case 0:
				d.Uint32()
			case 1:
				d.Uint64()
			case 2:
				d.Bool()
			case 3:
				_ = d.String()
			case 4:
				d.OptString()
			case 5:
				d.Strings()
			case 6:
				d.Pairs()
			case 7:
				d.Fixed(32)
			case 8:
				if n := len(DecodeList[StatNS](d)); n*22*8 > len(msg) {
					t.Fatalf("%d structures out of %d bytes", n, len(msg))
				}
			case 9:
				DecodeList[XAttr](d)
			}
		}
		if d.Err() != nil && (d.Uint64() != 0 || d.String() != "" || d.Strings() != nil) {
			t.Error("a value after an error")
		}
	})
}
