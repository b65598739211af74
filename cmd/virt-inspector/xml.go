package main

import (
	"bufio"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Rules of the XML, which are those of libguestfs's virt-inspector:
//   - elements come in the order of the schema, two spaces of indentation a level;
//   - what is unknown or empty has no element, but the versions always have theirs;
//   - characters that XML 1.0 cannot hold become U+FFFD, so that what a guest says never
//     makes a document that its readers refuse.

// xmlWriter writes elements; an error is kept by the bufio.Writer until it is flushed.
type xmlWriter struct {
	w     *bufio.Writer
	depth int
}

func (x *xmlWriter) line(text string) {
	for range x.depth {
		x.w.WriteString("  ")
	}
	x.w.WriteString(text)
	x.w.WriteByte('\n')
}

// open begins an element with attributes, name and value in turn.
func (x *xmlWriter) open(name string, attributes ...string) {
	x.line("<" + name + attributeText(attributes) + ">")
	x.depth++
}

func (x *xmlWriter) close(name string) {
	x.depth--
	x.line("</" + name + ">")
}

// text writes an element that holds text, or nothing if the text is empty.
func (x *xmlWriter) text(name, text string, attributes ...string) {
	if text != "" {
		x.line("<" + name + attributeText(attributes) + ">" + escapeText.Replace(legal(text)) + "</" + name + ">")
	}
}

// list writes an element that holds others, or an empty one.
func (x *xmlWriter) list(name string, n int, element func(i int)) {
	if n == 0 {
		x.line("<" + name + "/>")
		return
	}
	x.open(name)
	for i := range n {
		element(i)
	}
	x.close(name)
}

func attributeText(attributes []string) string {
	var b strings.Builder
	for i := 0; i < len(attributes); i += 2 {
		b.WriteString(" " + attributes[i] + `="` + escapeAttribute.Replace(legal(attributes[i+1])) + `"`)
	}
	return b.String()
}

var (
	escapeText      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#13;")
	escapeAttribute = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#13;", "\n", "&#10;", "\t", "&#9;")
)

// legal replaces what XML 1.0 has no way to write.
func legal(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xd7ff, r >= 0xe000 && r <= 0xfffd && r != utf8.RuneError, r >= 0x10000:
			return r
		}
		return utf8.RuneError
	}, s)
}

// writeXML writes the systems as libguestfs's virt-inspector does, and their facts if
// they have been asked for.
func writeXML(w io.Writer, systems []system) error {
	x := &xmlWriter{w: bufio.NewWriter(w)}
	x.line(`<?xml version="1.0"?>`)
	x.list("operatingsystems", len(systems), func(i int) { x.system(&systems[i]) })
	return x.w.Flush()
}

func (x *xmlWriter) system(s *system) {
	x.open("operatingsystem")
	x.text("root", s.Root)
	x.text("name", s.Name)
	x.text("arch", s.Arch)
	x.text("distro", s.Distro)
	x.text("product_name", s.ProductName)
	x.text("product_variant", s.ProductVariant)
	x.text("major_version", strconv.Itoa(s.Major))
	x.text("minor_version", strconv.Itoa(s.Minor))
	x.text("package_format", s.PackageFormat)
	x.text("package_management", s.PackageManagement)
	x.text("windows_systemroot", s.SystemRoot)
	x.text("windows_current_control_set", s.ControlSet)
	if s.GroupPolicy {
		x.line("<windows_group_policy/>")
	}
	x.text("hostname", s.Hostname)
	x.text("build_id", s.BuildID)
	x.text("osinfo", s.Osinfo)
	x.list("mountpoints", len(s.Mountpoints), func(i int) { x.text("mountpoint", s.Mountpoints[i].Path, "dev", s.Mountpoints[i].Device) })
	x.list("filesystems", len(s.Filesystems), func(i int) { x.filesystem(s.Filesystems[i]) })
	if len(s.DriveMappings) > 0 {
		x.list("drive_mappings", len(s.DriveMappings), func(i int) { x.text("drive_mapping", s.DriveMappings[i].Device, "name", s.DriveMappings[i].Name) })
	}
	if s.Applications != nil {
		list := *s.Applications
		x.list("applications", len(list), func(i int) { x.application(&list[i]) })
	}
	x.text("icon", base64Lines(s.Icon))
	if s.Facts != nil {
		x.facts(s.Facts)
	}
	x.close("operatingsystem")
}

func (x *xmlWriter) filesystem(f filesystem) {
	if f.Type == "" && f.Label == "" && f.UUID == "" {
		x.line("<filesystem" + attributeText([]string{"dev", f.Device}) + "/>")
		return
	}
	x.open("filesystem", "dev", f.Device)
	x.text("type", f.Type)
	x.text("label", f.Label)
	x.text("uuid", f.UUID)
	x.close("filesystem")
}

func (x *xmlWriter) application(a *application) {
	x.open("application")
	x.text("name", a.Name)
	x.text("display_name", a.DisplayName)
	if a.Epoch != 0 {
		x.text("epoch", strconv.Itoa(a.Epoch))
	}
	x.text("version", a.Version)
	x.text("release", a.Release)
	x.text("arch", a.Arch)
	x.text("install_path", a.InstallPath)
	x.text("publisher", a.Publisher)
	x.text("url", a.URL)
	x.text("source_package", a.Source)
	x.text("summary", a.Summary)
	x.text("description", a.Description)
	x.close("application")
}

// base64Lines is base64 in lines of 72 characters.
func base64Lines(b []byte) string {
	const lineBytes = 72 / 4 * 3
	var lines []string
	for len(b) > 0 {
		n := min(len(b), lineBytes)
		lines = append(lines, base64.StdEncoding.EncodeToString(b[:n]))
		b = b[n:]
	}
	return strings.Join(lines, "\n")
}
