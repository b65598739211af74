package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stream is a byte stream in memory.
type stream struct{ bytes.Buffer }

// TestHeaderBytes holds the layout of PROTOCOL.md against the code.
func TestHeaderBytes(t *testing.T) {
	var s stream
	h := Header{Proc: 213, Direction: Call, Serial: 0x1234, ProgressHint: 7, OptArgs: 5}
	if err := NewConn(&s).WriteMessage(&h, []byte{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	want := "0000002c" + "2000f5f5" + "00000004" + "000000d5" + "00000000" + "00001234" +
		"0000000000000007" + "0000000000000005" + "00000000" + "01020304"
	if got := hex.EncodeToString(s.Bytes()); got != want {
		t.Errorf("message = %s; want %s", got, want)
	}
	f, err := NewConn(&s).ReadFrame()
	if err != nil {
		t.Fatal(err)
	}
	got, body, err := DecodeHeader(f.Data)
	if err != nil || !bytes.Equal(body, []byte{1, 2, 3, 4}) {
		t.Errorf("DecodeHeader = body %v, error %v", body, err)
	}
	if diff := cmp.Diff(h, got); diff != "" {
		t.Error(diff)
	}
}

func TestChunkBytes(t *testing.T) {
	var s stream
	c := NewConn(&s)
	for _, chunk := range []Chunk{{Data: []byte("abcde")}, {}, {Cancel: true}} {
		if err := c.WriteChunk(chunk); err != nil {
			t.Fatal(err)
		}
	}
	want := "00000010" + "00000000" + "00000005" + "6162636465000000" + "00000008" + "00000000" + "00000000" + "00000008" + "00000001" + "00000000"
	if got := hex.EncodeToString(s.Bytes()); got != want {
		t.Errorf("chunks = %s; want %s", got, want)
	}
}

func TestFlags(t *testing.T) {
	var s stream
	c := NewConn(&s)
	p := Progress{Proc: 1, Serial: 2, Position: 3, Total: 4}
	for _, err := range []error{c.WriteFlag(LaunchFlag), c.WriteFlag(CancelFlag), c.WriteProgress(p)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []Frame{{Kind: LaunchFrame}, {Kind: CancelFrame}, {Kind: ProgressFrame, Progress: p}}
	for _, w := range want {
		got, err := c.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w, got); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := c.ReadFrame(); err != io.EOF {
		t.Errorf("ReadFrame at the end = %v; want io.EOF", err)
	}
}

func TestLimits(t *testing.T) {
	c := NewConn(&stream{})
	if err := c.WriteMessage(&Header{}, make([]byte, MessageMax)); err == nil {
		t.Error("WriteMessage over the limit gave no error")
	}
	if err := c.WriteChunk(Chunk{Data: make([]byte, ChunkMax+1)}); err == nil {
		t.Error("WriteChunk over the limit gave no error")
	}
	var s stream
	s.Write([]byte{0, 0x40, 0, 1})
	if _, err := NewConn(&s).ReadFrame(); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("ReadFrame of 4 MiB + 1 = %v; want the limit", err)
	}
	s.Reset()
	s.Write([]byte{0, 0, 0, 8, 1, 2})
	if _, err := NewConn(&s).ReadFrame(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("ReadFrame of a cut message = %v; want io.ErrUnexpectedEOF", err)
	}
	long := &RemoteError{Errno: strings.Repeat("E", 100), Message: strings.Repeat("m", 1<<20)}
	r, err := DecodeError(long.Encode())
	if err != nil || len(r.Errno) != ErrnoMax || len(r.Message) != ErrorMax {
		t.Errorf("a long error comes back as %d and %d bytes, error %v", len(r.Errno), len(r.Message), err)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte{0xf5, 0xf5, 0x5f, 0xf5, 0, 0, 0, 4, 1, 2, 3, 4})
	f.Add([]byte{0xff, 0xff, 0x55, 0x55, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		c := NewConn(&stream{*bytes.NewBuffer(in)})
		for {
			fr, err := c.ReadFrame()
			if err != nil {
				return
			}
			if fr.Kind != MessageFrame {
				continue
			}
			if h, body, err := DecodeHeader(fr.Data); err == nil && h.Status == Failed {
				DecodeError(body)
			}
			if chunk, err := DecodeChunk(fr.Data); err == nil && len(chunk.Data) > ChunkMax {
				t.Fatal("a chunk over the limit")
			}
			DecodeProgress(fr.Data)
		}
	})
}
