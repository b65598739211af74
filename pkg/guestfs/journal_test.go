package guestfs

import (
	"reflect"
	"testing"
)

func TestJournalFields(t *testing.T) {
	for name, tt := range map[string]struct {
		sent string
		want []XAttr // nil is an error
	}{
		"none":         {"", []XAttr{}},
		"two":          {"\x00\x00\x00\x00\x00\x00\x00\x05A=b=c\x00\x00\x00\x00\x00\x00\x00\x02B=", []XAttr{{Attrname: "A", Attrval: []byte("b=c")}, {Attrname: "B", Attrval: []byte{}}}},
		"no name":      {"\x00\x00\x00\x00\x00\x00\x00\x01A", nil},
		"half":         {"\x00\x00\x00\x00\x00\x00\x00\x05A=b", nil},
		"half length":  {"\x00\x00\x00", nil},
		"huge length":  {"\xff\xff\xff\xff\xff\xff\xff\xffA=b", nil},
		"length alone": {"\x00\x00\x00\x00\x00\x00\x00\x01", nil},
	} {
		got, err := journalFields([]byte(tt.sent))
		if !reflect.DeepEqual(got, tt.want) || (err == nil) != (tt.want != nil) {
			t.Errorf("%s: journalFields = %v, %v; want %v", name, got, err, tt.want)
		}
	}
}
