package main

import (
	"bytes"
	"fmt"

	"virt-tools/internal/api"
)

var fieldTypes = map[api.FieldKind]struct{ typ, encode, decode string }{
	api.FieldString:  {"string", "e.String(v.%s)", "d.String()"},
	api.FieldBuffer:  {"[]byte", "e.Opaque(v.%s)", "bytes.Clone(d.Opaque())"},
	api.FieldUUID:    {"string", "e.Fixed(v.%s, 32)", "d.Fixed(32)"},
	api.FieldChar:    {"byte", "e.Uint32(uint32(v.%s))", "byte(d.Uint32())"},
	api.FieldInt32:   {"int32", "e.Int32(v.%s)", "d.Int32()"},
	api.FieldUint32:  {"uint32", "e.Uint32(v.%s)", "d.Uint32()"},
	api.FieldInt64:   {"int64", "e.Int64(v.%s)", "d.Int64()"},
	api.FieldUint64:  {"uint64", "e.Uint64(v.%s)", "d.Uint64()"},
	api.FieldPercent: {"float32", "e.Float32(v.%s)", "d.Float32()"},
}

// minBytes is the least a structure takes on the wire: it bounds the length of
// a list.
func minBytes(s api.Struct) int {
	n := 0
	for _, f := range s.Fields {
		switch f.Kind {
		case api.FieldUUID:
			n += 32
		case api.FieldInt64, api.FieldUint64:
			n += 8
		default:
			n += 4
		}
	}
	return n
}

func writeStruct(w *bytes.Buffer, s api.Struct) {
	fmt.Fprintf(w, "// %s is the structure %s of the call table.\ntype %s struct {\n", s.GoName, s.Name, s.GoName)
	for _, f := range s.Fields {
		fmt.Fprintf(w, "\t%s %s\n", camel(f.Name), fieldTypes[f.Kind].typ)
	}
	fmt.Fprint(w, "}\n\n")
}

// wireStructs writes the structures with their encoding.
func wireStructs(w *bytes.Buffer) {
	fmt.Fprint(w, header, "package wire\n\nimport \"bytes\"\n\n")
	for _, s := range api.Structs {
		writeStruct(w, s)
		fmt.Fprintf(w, "// Encode appends the structure.\nfunc (v *%s) Encode(e *Encoder) {\n", s.GoName)
		for _, f := range s.Fields {
			fmt.Fprintf(w, "\t"+fieldTypes[f.Kind].encode+"\n", camel(f.Name))
		}
		fmt.Fprintf(w, "}\n\n// Decode takes the structure.\nfunc (v *%s) Decode(d *Decoder) {\n", s.GoName)
		for _, f := range s.Fields {
			fmt.Fprintf(w, "\tv.%s = %s\n", camel(f.Name), fieldTypes[f.Kind].decode)
		}
		fmt.Fprintf(w, "}\n\nfunc (v *%s) minBytes() int { return %d }\n\n", s.GoName, minBytes(s))
	}
}

// clientStructs writes the structures again for the users of pkg/guestfs:
// they are documented where they are used, and convert to the wire's.
func clientStructs(w *bytes.Buffer) {
	used := map[string]bool{}
	for _, c := range api.Calls() {
		if c.Built() && !c.Internal {
			used[c.Ret.Struct] = true
		}
	}
	fmt.Fprint(w, header, "package guestfs\n\n")
	for _, s := range api.Structs {
		if used[s.Name] {
			writeStruct(w, s)
		}
	}
}

func goName(structName string) string {
	for _, s := range api.Structs {
		if s.Name == structName {
			return s.GoName
		}
	}
	panic("unknown structure " + structName) // Lint has looked
}
