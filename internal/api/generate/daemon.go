package main

import (
	"bytes"
	"fmt"
	"strings"

	"virt-tools/internal/api"
)

// daemonArgs are the methods of the daemon's args type that take an argument
// off the message and check it. Files are handed over as streams.
var daemonArgs = map[api.Kind]string{
	api.String:          "a.text()",
	api.OptString:       "a.optText()",
	api.Bytes:           "a.bytes()",
	api.Bool:            "a.d.Bool()",
	api.Int:             "a.int()",
	api.Int64:           "a.d.Int64()",
	api.StringList:      "a.texts()",
	api.Device:          "a.device()",
	api.DeviceList:      "a.devices()",
	api.Mountable:       "a.mountable()",
	api.Pathname:        "a.pathname()",
	api.PathnameList:    "a.pathnames()",
	api.DeviceOrPath:    "a.deviceOrPath()",
	api.MountableOrPath: "a.mountableOrPath()",
	api.FilenameList:    "a.filenames()",
	api.Key:             "a.text()",
	api.GUID:            "a.guid()",
	api.FileIn:          "c.upload()",
	api.FileOut:         "c.download()",
}

var optTypes = map[api.Kind]string{api.Bool: "bool", api.Int: "int", api.Int64: "int64", api.String: "string", api.StringList: "[]string"}

// daemonDispatch writes the table of procedures and a stub for each, which
// decodes the arguments, calls the handler doX and encodes its result.
func daemonDispatch(w *bytes.Buffer) {
	calls := api.ByProc()
	fmt.Fprint(w, header, "package daemon\n\nimport \"virt-tools/internal/wire\"\n\n")
	fmt.Fprint(w, "// procedures are the calls that the daemon answers, by number.\nvar procedures = map[uint32]procedure{\n")
	for _, c := range calls {
		fmt.Fprintf(w, "\t%d: {name: %q, stub: stub%s", c.Proc, c.Name, camel(c.Name))
		if c.Feature != "" {
			fmt.Fprintf(w, ", feature: %q", c.Feature)
		}
		if len(c.Opts) > 0 {
			fmt.Fprintf(w, ", optargs: %d", len(c.Opts))
		}
		if c.Arg(api.FileIn) != nil {
			fmt.Fprint(w, ", fileIn: true")
		}
		if c.Arg(api.FileOut) != nil {
			fmt.Fprint(w, ", fileOut: true")
		}
		fmt.Fprint(w, "},\n")
	}
	fmt.Fprint(w, "}\n\n")
	unbuiltUploads(w)
	for _, c := range calls {
		daemonOpts(w, &c)
		daemonStub(w, &c)
	}
}

// unbuiltUploads lists the calls that come with a file and are not built. The
// file must be taken off the stream all the same.
func unbuiltUploads(w *bytes.Buffer) {
	fmt.Fprint(w, "// unbuiltUploads are the calls that come with a file and are not answered.\nvar unbuiltUploads = map[uint32]bool{\n")
	for _, c := range api.Calls() {
		if c.Side == api.Daemon && !c.Built() && c.Arg(api.FileIn) != nil {
			fmt.Fprintf(w, "\t%d: true, // %s\n", c.Proc, c.Name)
		}
	}
	fmt.Fprint(w, "}\n\n")
}

func optsType(c *api.Call) string { return lower(camel(c.Name)) + "Opts" }

// daemonOpts writes the structure of a call's optional arguments: nil means
// not given.
func daemonOpts(w *bytes.Buffer, c *api.Call) {
	if len(c.Opts) == 0 {
		return
	}
	fmt.Fprintf(w, "type %s struct {\n", optsType(c))
	for _, o := range c.Opts {
		fmt.Fprintf(w, "\t%s *%s\n", camel(o.Name), optTypes[o.Kind])
	}
	fmt.Fprint(w, "}\n\n")
}

func daemonStub(w *bytes.Buffer, c *api.Call) {
	name := camel(c.Name)
	if len(c.Args)+len(c.Opts) == 0 && c.Ret.Kind == api.RetErr {
		fmt.Fprintf(w, "func stub%s(c *Call, d *wire.Decoder, _ *wire.Encoder) error {\n", name)
	} else {
		fmt.Fprintf(w, "func stub%s(c *Call, d *wire.Decoder, e *wire.Encoder) error {\n", name)
	}
	args := []string{"c"}
	fmt.Fprint(w, "\ta := args{c: c, d: d}\n")
	for _, a := range c.Args {
		fmt.Fprintf(w, "\t%s := %s\n", param(a.Name), daemonArgs[a.Kind])
		args = append(args, param(a.Name))
	}
	if len(c.Opts) > 0 {
		fmt.Fprintf(w, "\tvar opts %s\n", optsType(c))
		for i, o := range c.Opts {
			take := strings.TrimSuffix(daemonArgs[o.Kind], "()")
			fmt.Fprintf(w, "\topts.%s = optional(&a, %d, %s)\n", camel(o.Name), i, take)
		}
		args = append(args, "&opts")
	}
	fmt.Fprint(w, "\tif err := a.finish(); err != nil {\n\t\treturn err\n\t}\n")
	call := "do" + name + "(" + strings.Join(args, ", ") + ")"
	code := daemonResult(c)
	if code == "" {
		fmt.Fprintf(w, "\treturn %s\n}\n\n", call)
		return
	}
	fmt.Fprintf(w, "\tret, err := %s\n\tif err != nil {\n\t\treturn err\n\t}\n\t%s\n\treturn nil\n}\n\n", call, code)
}

func daemonResult(c *api.Call) string {
	switch c.Ret.Kind {
	case api.RetInt:
		return "e.Int(ret)"
	case api.RetInt64:
		return "e.Int64(ret)"
	case api.RetBool:
		return "e.Bool(ret)"
	case api.RetString:
		return "e.String(ret)"
	case api.RetStringList:
		return "e.Strings(ret)"
	case api.RetStruct:
		return "ret.Encode(e)"
	case api.RetStructList:
		return "wire.EncodeList(e, ret)"
	case api.RetHashtable:
		return "e.Pairs(ret)"
	case api.RetBuffer:
		return "e.Opaque(ret)"
	}
	return ""
}
