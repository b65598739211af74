package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"virt-tools/internal/cli"
	"virt-tools/internal/regedit"
	"virt-tools/internal/regf"
)

// show writes a key with all in it, or one value.
func (o *options) show(ctx context.Context, r *registry, console *cli.Console) error {
	at, err := r.locate(ctx, o.args[0])
	if err != nil {
		return err
	}
	n, err := regedit.Find(at.hive.Hive, at.path)
	if err != nil {
		return fmt.Errorf("%s: %w", o.args[0], err)
	}
	if n == 0 {
		return fmt.Errorf("%s: no such key", o.args[0])
	}
	var text bytes.Buffer
	if len(o.args) == 2 {
		err = showValue(&text, at.hive.Hive, n, o.args[1])
	} else {
		err = o.export(&text, at, n, console)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", o.args[0], err)
	}
	_, err = console.Out.Write(o.encode(text.Bytes()))
	return err
}

func (o *options) export(w io.Writer, at location, n regf.Node, console *cli.Console) error {
	style := regedit.Readable
	switch {
	case o.HexStrings:
		style = regedit.Hex
	case o.UnsafeStrings:
		style = regedit.Unsafe
	}
	if o.UTF16 {
		if _, err := io.WriteString(w, "Windows Registry Editor Version 5.00\n\n"); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	warnings, err := regedit.Export(&text, at.hive.Hive, n, at.name(), style)
	for _, warning := range warnings {
		console.Fail(errors.New(warning))
	}
	if err != nil {
		return err
	}
	out := text.String()
	if o.HexStrings && at.path == "" { // libguestfs's has a backslash at the end there
		out = strings.Replace(out, "]", `\]`, 1)
	}
	_, err = io.WriteString(w, out)
	return err
}

// encode makes of text what --utf-16 asks for.
func (o *options) encode(text []byte) []byte {
	if !o.UTF16 {
		return text
	}
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(strings.ReplaceAll(string(text), "\n", "\r\n"))) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

// Types of values beside those in regf.
const (
	typeDWORDBigEndian = 5
	typeMultiString    = 7
	typeQWORD          = 11
)

// showValue writes a value as hivexget does: text and numbers on a line, the texts of a
// list on one each, and anything else as it is.
func showValue(w io.Writer, h *regf.Hive, n regf.Node, name string) error {
	key := name
	if name == "@" {
		key = ""
	}
	v, err := h.Value(n, key)
	if err != nil {
		return err
	}
	if v == 0 {
		return fmt.Errorf("%s: no such value", name)
	}
	kind, err := h.Type(v)
	if err != nil {
		return err
	}
	data, err := h.Data(v)
	if err != nil {
		return err
	}
	switch {
	case kind == regf.String || kind == regf.ExpandString || kind == regf.Link:
		text, err := h.Text(v)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w, text)
		return err
	case kind == typeMultiString:
		for text := range strings.SplitSeq(strings.TrimRight(regedit.Text(data), "\x00"), "\x00") {
			if _, err := fmt.Fprintln(w, text); err != nil {
				return err
			}
		}
		return nil
	case kind == regedit.DWORD && len(data) == 4:
		_, err = fmt.Fprintln(w, int32(binary.LittleEndian.Uint32(data)))
	case kind == typeDWORDBigEndian && len(data) == 4:
		_, err = fmt.Fprintln(w, int32(binary.BigEndian.Uint32(data)))
	case kind == typeQWORD && len(data) == 8:
		_, err = fmt.Fprintln(w, int64(binary.LittleEndian.Uint64(data)))
	default:
		_, err = w.Write(data)
	}
	return err
}
