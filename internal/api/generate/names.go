package main

import (
	"go/token"
	"strings"
	"unicode"

	"virt-tools/internal/api"
)

// camel turns part_get_name into PartGetName.
func camel(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// method is the name of a call's client method. Calls that are not part of the
// public interface are not exported.
func method(c *api.Call) string {
	if c.Internal {
		return lower(camel(c.Name))
	}
	return camel(c.Name)
}

func lower(name string) string {
	r := []rune(name)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

// param is the name of a parameter; those that Go or the method itself needs
// get an underscore.
func param(name string) string {
	switch name {
	case "g", "e", "d", "c", "a", "ctx", "err", "opts", "ret":
		return name + "_"
	}
	if token.IsKeyword(name) || name == "len" || name == "string" || name == "byte" {
		return name + "_"
	}
	return name
}
