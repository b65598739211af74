package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// An Encoder appends values in XDR (RFC 4506): big endian, each value padded
// with zeroes to a multiple of four bytes. The zero value is ready for use.
type Encoder struct {
	buf []byte
	err error
}

// Bytes returns what has been encoded.
func (e *Encoder) Bytes() []byte { return e.buf }

// Err returns the first error: a number that does not fit.
func (e *Encoder) Err() error { return e.err }

// Uint32 appends an unsigned 32-bit number.
func (e *Encoder) Uint32(v uint32) { e.buf = binary.BigEndian.AppendUint32(e.buf, v) }

// Int32 appends a signed 32-bit number.
func (e *Encoder) Int32(v int32) { e.Uint32(uint32(v)) }

// Int appends a signed 32-bit number; one that does not fit is an error.
func (e *Encoder) Int(v int) {
	if int(int32(v)) != v && e.err == nil {
		e.err = fmt.Errorf("%d does not fit into 32 bits", v)
	}
	e.Int32(int32(v))
}

// Uint64 appends an unsigned 64-bit number ("unsigned hyper").
func (e *Encoder) Uint64(v uint64) { e.buf = binary.BigEndian.AppendUint64(e.buf, v) }

// Int64 appends a signed 64-bit number ("hyper").
func (e *Encoder) Int64(v int64) { e.Uint64(uint64(v)) }

// Float32 appends a single-precision number.
func (e *Encoder) Float32(v float32) { e.Uint32(math.Float32bits(v)) }

// Bool appends a truth value as 0 or 1.
func (e *Encoder) Bool(v bool) {
	if v {
		e.Uint32(1)
	} else {
		e.Uint32(0)
	}
}

// Fixed appends bytes whose number both sides know, padded or cut to n.
func (e *Encoder) Fixed(v string, n int) {
	start := len(e.buf)
	e.buf = append(e.buf, make([]byte, (n+3)&^3)...)
	copy(e.buf[start:start+n], v)
}

// Opaque appends a length and as many bytes.
func (e *Encoder) Opaque(v []byte) {
	e.Uint32(uint32(len(v)))
	e.buf = append(e.buf, v...)
	e.pad(len(v))
}

// String appends a length and as many bytes.
func (e *Encoder) String(v string) {
	e.Uint32(uint32(len(v)))
	e.buf = append(e.buf, v...)
	e.pad(len(v))
}

// OptString appends a text or, for nil, the mark that there is none.
func (e *Encoder) OptString(v *string) {
	e.Bool(v != nil)
	if v != nil {
		e.String(*v)
	}
}

// Strings appends a list of texts.
func (e *Encoder) Strings(v []string) {
	e.Uint32(uint32(len(v)))
	for _, s := range v {
		e.String(s)
	}
}

// A Pair is an entry of a hash table.
type Pair struct {
	Key, Value string
}

// Pairs appends a hash table, which is a list of keys and values in turn.
func (e *Encoder) Pairs(v []Pair) {
	e.Uint32(uint32(2 * len(v)))
	for _, p := range v {
		e.String(p.Key)
		e.String(p.Value)
	}
}

func (e *Encoder) pad(n int) {
	for ; n%4 != 0; n++ {
		e.buf = append(e.buf, 0)
	}
}

// ErrTruncated means that a message ends before its last value.
var ErrTruncated = errors.New("message is too short")

// A Decoder takes XDR values off a message. The first error sticks: after it
// every value is zero, and Err tells what went wrong. No value can make it
// allocate more than the message is long.
type Decoder struct {
	buf []byte
	err error
}

// NewDecoder returns a Decoder for a message. Decoded byte slices point into it.
func NewDecoder(msg []byte) *Decoder { return &Decoder{buf: msg} }

// Err returns the first error.
func (d *Decoder) Err() error { return d.err }

// Empty tells whether nothing is left to decode.
func (d *Decoder) Empty() bool { return len(d.buf) == 0 }

// Finish returns the first error, or an error when bytes are left over.
func (d *Decoder) Finish() error {
	if d.err == nil && len(d.buf) != 0 {
		d.err = fmt.Errorf("%d bytes left over at the end of the message", len(d.buf))
	}
	return d.err
}

func (d *Decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.buf = nil
}

func (d *Decoder) take(n uint32) []byte {
	padded := (uint64(n) + 3) &^ 3
	if d.err != nil || padded > uint64(len(d.buf)) {
		d.fail(ErrTruncated)
		return nil
	}
	b := d.buf[:n:n]
	d.buf = d.buf[padded:]
	return b
}

// Uint32 takes an unsigned 32-bit number.
func (d *Decoder) Uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Int32 takes a signed 32-bit number.
func (d *Decoder) Int32() int32 { return int32(d.Uint32()) }

// Uint64 takes an unsigned 64-bit number.
func (d *Decoder) Uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Int64 takes a signed 64-bit number.
func (d *Decoder) Int64() int64 { return int64(d.Uint64()) }

// Float32 takes a single-precision number.
func (d *Decoder) Float32() float32 { return math.Float32frombits(d.Uint32()) }

// Bool takes a truth value; anything but 0 and 1 is an error.
func (d *Decoder) Bool() bool {
	v := d.Uint32()
	if v > 1 {
		d.fail(fmt.Errorf("%d is not a truth value", v))
	}
	return v == 1
}

// Fixed takes n bytes.
func (d *Decoder) Fixed(n int) string { return string(d.take(uint32(n))) }

// Opaque takes a length and as many bytes.
func (d *Decoder) Opaque() []byte { return d.take(d.Uint32()) }

// String takes a length and as many bytes.
func (d *Decoder) String() string { return string(d.Opaque()) }

// OptString takes a text, or nil where there is none.
func (d *Decoder) OptString() *string {
	if !d.Bool() || d.err != nil {
		return nil
	}
	s := d.String()
	return &s
}

// Strings takes a list of texts.
func (d *Decoder) Strings() []string {
	v := make([]string, d.Count(4))
	for i := range v {
		v[i] = d.String()
	}
	if d.err != nil {
		return nil
	}
	return v
}

// Pairs takes a hash table.
func (d *Decoder) Pairs() []Pair {
	flat := d.Strings()
	if len(flat)%2 != 0 {
		d.fail(errors.New("hash table has a key without a value"))
		return nil
	}
	v := make([]Pair, len(flat)/2)
	for i := range v {
		v[i] = Pair{flat[2*i], flat[2*i+1]}
	}
	return v
}

// Count takes the length of a list whose elements have at least size bytes
// each. A list that cannot fit into the rest of the message is an error.
func (d *Decoder) Count(size int) int {
	n := d.Uint32()
	if uint64(n)*uint64(size) > uint64(len(d.buf)) {
		d.fail(ErrTruncated)
		return 0
	}
	return int(n)
}
