package daemon

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadAugeas(t *testing.T) {
	some := "text"
	empty := ""
	for _, tt := range []struct {
		name, in string
		want     []*string
		err      error
	}{
		{name: "texts", in: "\x00\x00\x00\x03\x00\x00\x00\x04text\xff\xff\xff\xff\x00\x00\x00\x00", want: []*string{&some, nil, &empty}},
		{name: "none", in: "\x00\x00\x00\x00"},
		{name: "the end", in: "", err: io.EOF},
		{name: "cut in a number", in: "\x00\x00", err: io.ErrUnexpectedEOF},
		{name: "cut in a text", in: "\x00\x00\x00\x01\x00\x00\x00\x04te", err: io.ErrUnexpectedEOF},
		{name: "a huge text", in: "\x00\x00\x00\x01\x7f\xff\xff\xff", err: syscall.EMSGSIZE},
		{name: "too many texts", in: "\xff\xff\xff\xff" + strings.Repeat("\xff\xff\xff\xff", augeasAnswerMax/4), err: syscall.EMSGSIZE},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readAugeas(strings.NewReader(tt.in))
			var own *errnoError
			if errors.As(err, &own) {
				err = own.errno
			}
			if !errors.Is(err, tt.err) || err == nil && tt.err != nil {
				t.Fatalf("error %v; want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzReadAugeas(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02\x00\x00\x00\x02ok\xff\xff\xff\xff"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		texts, err := readAugeas(bytes.NewReader(data))
		if err == nil && len(texts)*4 > len(data) {
			t.Errorf("%d texts from %d bytes", len(texts), len(data))
		}
		for i := range len(texts) + 1 {
			if n, err := resultNumber(texts, i); err == nil && n == 0 && i >= len(texts) {
				t.Error("a number from nothing")
			}
		}
	})
}
