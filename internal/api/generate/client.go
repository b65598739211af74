package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"virt-tools/internal/api"
)

// clientArg says how an argument looks in a client method: its Go type and
// what puts it on the wire. Files are not in the message.
var clientArgs = map[api.Kind]struct{ typ, encode string }{
	api.String:          {"string", "e.String(%s)"},
	api.OptString:       {"*string", "e.OptString(%s)"},
	api.Bytes:           {"[]byte", "e.Opaque(%s)"},
	api.Bool:            {"bool", "e.Bool(%s)"},
	api.Int:             {"int", "e.Int(%s)"},
	api.Int64:           {"int64", "e.Int64(%s)"},
	api.StringList:      {"[]string", "e.Strings(%s)"},
	api.Device:          {"Device", "e.String(string(%s))"},
	api.DeviceList:      {"[]Device", "e.Strings(texts(%s))"},
	api.Mountable:       {"Mountable", "e.String(string(%s))"},
	api.Pathname:        {"Path", "e.String(string(%s))"},
	api.PathnameList:    {"[]Path", "e.Strings(texts(%s))"},
	api.DeviceOrPath:    {"string", "e.String(%s)"},
	api.MountableOrPath: {"string", "e.String(%s)"},
	api.FilenameList:    {"[]string", "e.Strings(%s)"},
	api.Key:             {"string", "e.String(%s)"},
	api.GUID:            {"string", "e.String(%s)"},
	api.FileIn:          {"io.Reader", ""},
	api.FileOut:         {"io.Writer", ""},
}

// elemTypes are the Go types of texts in results.
var elemTypes = map[api.Kind]string{api.String: "string", api.Device: "Device", api.Mountable: "Mountable"}

func clientGroup(w *bytes.Buffer, group string) {
	var body bytes.Buffer
	needIO := false
	for _, c := range api.Calls() {
		if c.Group != group || !c.Built() || c.Side != api.Daemon {
			continue
		}
		needIO = needIO || c.Arg(api.FileIn) != nil || c.Arg(api.FileOut) != nil
		clientOpts(&body, &c)
		clientMethod(&body, &c)
	}
	fmt.Fprint(w, header, "package guestfs\n\nimport (\n\t\"context\"\n")
	if needIO {
		fmt.Fprint(w, "\t\"io\"\n")
	}
	fmt.Fprint(w, "\n\t\"virt-tools/internal/wire\"\n)\n\n")
	w.Write(body.Bytes())
}

// clientOpts writes the structure of a call's optional arguments.
func clientOpts(w *bytes.Buffer, c *api.Call) {
	if len(c.Opts) == 0 {
		return
	}
	name := camel(c.Name) + "Opts"
	fmt.Fprintf(w, "// %s are the optional arguments of %s. The zero value leaves all of them out.\ntype %s struct {\n", name, method(c), name)
	for _, o := range c.Opts {
		typ := clientArgs[o.Kind].typ
		if slices.Contains(c.Explicit, o.Name) {
			typ = "*" + typ
		}
		fmt.Fprintf(w, "\t%s %s\n", camel(o.Name), typ)
	}
	fmt.Fprint(w, "}\n\n")
}

func clientMethod(w *bytes.Buffer, c *api.Call) {
	fmt.Fprintf(w, "// %s calls %s: %s.\n", method(c), c.Name, c.Summary)
	if c.Status == api.Partial {
		fmt.Fprintf(w, "// It differs from libguestfs: %s.\n", c.Note)
	}
	if c.Deprecated {
		fmt.Fprint(w, "//\n// Deprecated: libguestfs keeps it for old programs only.\n")
	}
	fmt.Fprintf(w, "func (g *Handle) %s(ctx context.Context", method(c))
	for _, a := range c.Args {
		fmt.Fprintf(w, ", %s %s", param(a.Name), clientArgs[a.Kind].typ)
	}
	if len(c.Opts) > 0 {
		fmt.Fprintf(w, ", opts *%sOpts", camel(c.Name))
	}
	ret, zero := clientRet(c)
	if ret == "" {
		fmt.Fprint(w, ") error {\n")
	} else {
		fmt.Fprintf(w, ") (%s, error) {\n", ret)
	}
	clientEncode(w, c)
	fmt.Fprintf(w, "\tr := request{name: %q, proc: %d, args: &e", c.Name, c.Proc)
	if len(c.Opts) > 0 {
		fmt.Fprint(w, ", optargs: mask")
	}
	if a := c.Arg(api.FileIn); a != nil {
		fmt.Fprintf(w, ", in: %s", param(a.Name))
	}
	if a := c.Arg(api.FileOut); a != nil {
		fmt.Fprintf(w, ", out: %s", param(a.Name))
	}
	fmt.Fprintf(w, ", trace: []any{%s}}\n", strings.Join(traceArgs(c), ", "))
	if ret == "" {
		fmt.Fprint(w, "\t_, err := g.call(ctx, &r)\n\treturn err\n}\n\n")
		return
	}
	fmt.Fprintf(w, "\td, err := g.call(ctx, &r)\n\tif err != nil {\n\t\treturn %s, err\n\t}\n", zero)
	clientDecode(w, c)
	fmt.Fprint(w, "}\n\n")
}

func clientEncode(w *bytes.Buffer, c *api.Call) {
	fmt.Fprint(w, "\tvar e wire.Encoder\n")
	for _, a := range c.Args {
		if code := clientArgs[a.Kind].encode; code != "" {
			fmt.Fprintf(w, "\t"+code+"\n", param(a.Name))
		}
	}
	if len(c.Opts) == 0 {
		return
	}
	fmt.Fprintf(w, "\tvar mask uint64\n\tif opts == nil {\n\t\topts = &%sOpts{}\n\t}\n", camel(c.Name))
	for i, o := range c.Opts {
		field := "opts." + camel(o.Name)
		if slices.Contains(c.Explicit, o.Name) {
			fmt.Fprintf(w, "\tmask |= given(%s != nil, %d)\n\t"+clientArgs[o.Kind].encode+"\n", field, i, "value("+field+")")
			continue
		}
		present := map[api.Kind]string{api.Bool: field, api.Int: field + " != 0", api.Int64: field + " != 0", api.String: field + ` != ""`, api.StringList: field + " != nil"}[o.Kind]
		fmt.Fprintf(w, "\tmask |= given(%s, %d)\n\t"+clientArgs[o.Kind].encode+"\n", present, i, field)
	}
}

// traceArgs are the arguments as the trace shows them; secrets are left out.
func traceArgs(c *api.Call) []string {
	var args []string
	for _, a := range c.Args {
		switch {
		case a.Kind == api.Key:
			args = append(args, "secret{}")
		case a.Kind == api.FileIn, a.Kind == api.FileOut, a.Kind == api.Bytes && c.Internal: // content, or entropy
			args = append(args, "stream{}")
		default:
			args = append(args, param(a.Name))
		}
	}
	if len(c.Opts) > 0 {
		args = append(args, "opts")
	}
	return args
}

// clientRet returns the Go type of a result and its zero value.
func clientRet(c *api.Call) (typ, zero string) {
	switch c.Ret.Kind {
	case api.RetInt:
		return "int", "0"
	case api.RetInt64:
		return "int64", "0"
	case api.RetBool:
		return "bool", "false"
	case api.RetString:
		return elemTypes[c.Ret.Elem], `""`
	case api.RetStringList:
		return "[]" + elemTypes[c.Ret.Elem], "nil"
	case api.RetStruct:
		return "*" + retStruct(c), "nil"
	case api.RetStructList:
		return "[]" + retStruct(c), "nil"
	case api.RetHashtable:
		return "Pairs", "nil"
	case api.RetBuffer:
		return "[]byte", "nil"
	}
	return "", ""
}

func retStruct(c *api.Call) string {
	if c.Internal {
		return "wire." + goName(c.Ret.Struct)
	}
	return goName(c.Ret.Struct)
}

func clientDecode(w *bytes.Buffer, c *api.Call) {
	finish := "r.finish(d)"
	switch c.Ret.Kind {
	case api.RetInt:
		fmt.Fprintf(w, "\tret := int(d.Int32())\n\treturn ret, %s\n", finish)
	case api.RetInt64:
		fmt.Fprintf(w, "\tret := d.Int64()\n\treturn ret, %s\n", finish)
	case api.RetBool:
		fmt.Fprintf(w, "\tret := d.Bool()\n\treturn ret, %s\n", finish)
	case api.RetString:
		code := "d.String()"
		if t := elemTypes[c.Ret.Elem]; t != "string" {
			code = t + "(" + code + ")"
		}
		fmt.Fprintf(w, "\tret := %s\n\treturn ret, %s\n", code, finish)
	case api.RetStringList:
		code := "d.Strings()"
		if t := elemTypes[c.Ret.Elem]; t != "string" {
			code = "named[" + t + "](" + code + ")"
		}
		fmt.Fprintf(w, "\tret := %s\n\treturn ret, %s\n", code, finish)
	case api.RetStruct:
		fmt.Fprintf(w, "\tvar ret wire.%s\n\tret.Decode(d)\n\treturn (*%s)(&ret), %s\n", goName(c.Ret.Struct), retStruct(c), finish)
	case api.RetStructList:
		fmt.Fprintf(w, "\tlist := wire.DecodeList[wire.%s](d)\n\tret := make([]%s, len(list))\n\tfor i := range list {\n\t\tret[i] = %s(list[i])\n\t}\n\treturn ret, %s\n",
			goName(c.Ret.Struct), retStruct(c), retStruct(c), finish)
	case api.RetHashtable:
		fmt.Fprintf(w, "\tret := pairs(d.Pairs())\n\treturn ret, %s\n", finish)
	case api.RetBuffer:
		fmt.Fprintf(w, "\tret := blob(d)\n\treturn ret, %s\n", finish)
	}
}
