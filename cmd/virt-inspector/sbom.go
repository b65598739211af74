package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"
)

// writeSBOM writes a bill of materials in JSON. It has no time and a serial number made from
// its content, so that the same guest gives the same bytes.
func writeSBOM(w io.Writer, guest string, systems []system) error {
	encoder := cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON)
	encoder.SetPretty(true)
	encoder.SetEscapeHTML(false)
	return encoder.EncodeVersion(bom(guest, systems), cdx.SpecVersion1_6)
}

// bom lists the operating systems and what is installed in them. All stand side by side,
// where every scanner looks; what is in which system is in the dependencies.
func bom(guest string, systems []system) *cdx.BOM {
	b := &billing{refs: map[string]int{}}
	root := cdx.Component{BOMRef: b.unique("guest"), Type: cdx.ComponentTypeDevice, Name: cmp.Or(legal(guest), "guest")}
	var inGuest []string
	for i := range systems {
		inGuest = append(inGuest, b.system(&systems[i]))
	}
	b.depend(root.BOMRef, inGuest)
	all := cdx.NewBOM()
	all.Metadata = &cdx.Metadata{
		Component: &root,
		Tools:     &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: program.Name}}},
	}
	all.Components, all.Dependencies = &b.components, &b.dependencies
	all.SerialNumber = b.serialNumber(root.Name)
	return all
}

// billing gathers the parts of a bill.
type billing struct {
	components   []cdx.Component
	dependencies []cdx.Dependency
	refs         map[string]int
}

// unique returns a reference that no other component has: a guest may list one package twice.
func (b *billing) unique(ref string) string {
	b.refs[ref]++
	if n := b.refs[ref]; n > 1 {
		return b.unique(ref + "#" + strconv.Itoa(n))
	}
	return ref
}

func (b *billing) depend(ref string, on []string) {
	b.dependencies = append(b.dependencies, cdx.Dependency{Ref: ref, Dependencies: &on})
}

func (b *billing) system(s *system) string {
	c := cdx.Component{
		BOMRef:      b.unique("os:" + s.Root),
		Type:        cdx.ComponentTypeOS,
		Name:        legal(cmp.Or(s.Distro, s.Name, "unknown")),
		Description: legal(s.ProductName),
	}
	if s.Major != 0 || s.Minor != 0 {
		c.Version = fmt.Sprintf("%d.%d", s.Major, s.Minor)
	}
	b.components = append(b.components, c)
	var inSystem []string
	if s.Applications != nil {
		for i := range *s.Applications {
			if a := &(*s.Applications)[i]; a.Name != "" {
				inSystem = append(inSystem, b.application(s, a))
			}
		}
	}
	b.depend(c.BOMRef, inSystem)
	return c.BOMRef
}

func (b *billing) application(s *system, a *application) string {
	purl := packageURL(s, a)
	c := cdx.Component{
		BOMRef:      b.unique(purl),
		Type:        cdx.ComponentTypeLibrary,
		Name:        legal(a.Name),
		Version:     legal(fullVersion(s, a)),
		Publisher:   legal(a.Publisher),
		Description: legal(cmp.Or(a.Summary, a.Description)),
		PackageURL:  purl,
	}
	if s.PackageFormat == "" {
		c.Type = cdx.ComponentTypeApplication
		c.Name = legal(cmp.Or(a.DisplayName, a.Name))
	}
	if site := website(a.URL); site != "" {
		c.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeWebsite, URL: site}}
	}
	b.components = append(b.components, c)
	return c.BOMRef
}

// website is a URL as the schema wants it, or nothing: what a package says may be anything.
func website(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || legal(text) != text {
		return ""
	}
	return u.String()
}

// fullVersion is the version as the package manager writes it.
func fullVersion(s *system, a *application) string {
	version := a.Version
	switch {
	case a.Release == "":
	case s.PackageFormat == "apk":
		version += "-r" + strings.TrimPrefix(a.Release, "r")
	default:
		version += "-" + a.Release
	}
	// Of rpm the epoch is a qualifier of the package URL.
	if a.Epoch != 0 && s.PackageFormat != "rpm" {
		version = strconv.Itoa(a.Epoch) + ":" + version
	}
	return version
}

// purlTypes are the types of package URLs, by package format. What has none is generic.
var purlTypes = map[string]string{"apk": "apk", "deb": "deb", "pacman": "alpm", "rpm": "rpm"}

// purlNamespaces are distributions that package URLs call otherwise.
var purlNamespaces = map[string]string{"alpinelinux": "alpine", "archlinux": "arch", "rhel": "redhat"}

// packageURL names the package: pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12.
func packageURL(s *system, a *application) string {
	kind, known := purlTypes[s.PackageFormat]
	if !known {
		kind = packageurl.TypeGeneric
	}
	namespace := cmp.Or(purlNamespaces[s.Distro], s.Distro)
	var qualifiers packageurl.Qualifiers
	qualify := func(key, value string) {
		if value != "" {
			qualifiers = append(qualifiers, packageurl.Qualifier{Key: key, Value: value})
		}
	}
	qualify("arch", a.Arch)
	if s.Distro != "" && s.Major != 0 {
		version := strconv.Itoa(s.Major)
		switch {
		case s.Distro == "ubuntu":
			version = fmt.Sprintf("%d.%02d", s.Major, s.Minor)
		case s.Minor != 0:
			version = fmt.Sprintf("%d.%d", s.Major, s.Minor)
		}
		qualify("distro", namespace+"-"+version)
	}
	if a.Epoch != 0 && s.PackageFormat == "rpm" {
		qualify("epoch", strconv.Itoa(a.Epoch))
	}
	if a.Source != a.Name {
		qualify("upstream", a.Source)
	}
	name := a.Name
	if kind == "deb" || kind == "apk" || kind == "alpm" {
		name = strings.ToLower(name)
	}
	return packageurl.NewPackageURL(kind, legal(namespace), legal(name), legal(fullVersion(s, a)), qualifiers, "").ToString()
}

// serialNumber is a UUID made from what the bill lists.
func (b *billing) serialNumber(guest string) string {
	h := sha256.New()
	fmt.Fprintln(h, guest)
	for _, c := range b.components {
		fmt.Fprintf(h, "%s\x00%s\x00%s\n", c.BOMRef, c.Name, c.Version)
	}
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // version 8: what its maker likes
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
