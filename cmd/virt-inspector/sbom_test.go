package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The bill is valid by CycloneDX's own schemas, which come with its Go module: the JSON
// as it is written, and as XML.
func TestSBOMSchema(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "schema")

	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for url, name := range map[string]string{
		"http://cyclonedx.org/schema/bom-1.6.schema.json":  "bom-1.6.schema.json",
		"http://cyclonedx.org/schema/spdx.schema.json":     "spdx.schema.json",
		"http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(url, doc); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := writeSBOM(&text, "disk.qcow2", sample()); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
	doc.(map[string]any)["nonsense"] = true
	if schema.Validate(doc) == nil {
		t.Error("the schema takes a key that is not there")
	}

	var x bytes.Buffer
	if err := cdx.NewBOMEncoder(&x, cdx.BOMFileFormatXML).EncodeVersion(bom("disk.qcow2", sample()), cdx.SpecVersion1_6); err != nil {
		t.Fatal(err)
	}
	lint := exec.Command("xmllint", "--noout", "--nonet", "--schema", filepath.Join(dir, "bom-1.6.xsd"), "-")
	lint.Stdin = &x
	if out, err := lint.CombinedOutput(); err != nil {
		t.Errorf("xmllint: %v\n%s", err, out)
	}
}

// Every reference in the bill leads to a component, once.
func TestSBOMReferences(t *testing.T) {
	b := bom("", sample())
	refs := map[string]bool{b.Metadata.Component.BOMRef: true}
	for _, c := range *b.Components {
		if refs[c.BOMRef] {
			t.Errorf("two components are called %s", c.BOMRef)
		}
		refs[c.BOMRef] = true
	}
	for _, d := range *b.Dependencies {
		for _, ref := range append(*d.Dependencies, d.Ref) {
			if !refs[ref] {
				t.Errorf("no component is called %s", ref)
			}
		}
	}
	var one, two bytes.Buffer
	if writeSBOM(&one, "x", sample()) != nil || writeSBOM(&two, "x", sample()) != nil || one.String() != two.String() {
		t.Error("the same guest does not give the same bytes")
	}
	var parsed map[string]any
	if err := json.Unmarshal(one.Bytes(), &parsed); err != nil {
		t.Error(err)
	}
}

func TestPackageURL(t *testing.T) {
	for _, test := range []struct {
		system system
		app    application
		want   string
	}{
		{system{Distro: "debian", Major: 12, Minor: 4, PackageFormat: "deb"}, application{Name: "libc6", Version: "2.36", Release: "9+deb12u3", Arch: "amd64", Source: "glibc"},
			"pkg:deb/debian/libc6@2.36-9%2Bdeb12u3?arch=amd64&distro=debian-12.4&upstream=glibc"},
		{system{Distro: "ubuntu", Major: 22, Minor: 4, PackageFormat: "deb"}, application{Name: "vim", Epoch: 2, Version: "9.0", Arch: "all"},
			"pkg:deb/ubuntu/vim@2:9.0?arch=all&distro=ubuntu-22.04"},
		{system{Distro: "rhel", Major: 9, Minor: 3, PackageFormat: "rpm"}, application{Name: "bind-libs", Epoch: 32, Version: "9.16", Release: "14.el9", Arch: "x86_64"},
			"pkg:rpm/redhat/bind-libs@9.16-14.el9?arch=x86_64&distro=redhat-9.3&epoch=32"},
		{system{Distro: "alpinelinux", Major: 3, Minor: 19, PackageFormat: "apk"}, application{Name: "musl", Version: "1.2.4", Release: "4", Arch: "aarch64"},
			"pkg:apk/alpine/musl@1.2.4-r4?arch=aarch64&distro=alpine-3.19"},
		{system{Distro: "archlinux", PackageFormat: "pacman"}, application{Name: "shadow", Epoch: 1, Version: "4.14", Release: "1", Arch: "x86_64"},
			"pkg:alpm/arch/shadow@1:4.14-1?arch=x86_64"},
		{system{Distro: "windows", Major: 10}, application{Name: "7-Zip", Version: "23.01"}, "pkg:generic/windows/7-Zip@23.01?distro=windows-10"},
	} {
		got := packageURL(&test.system, &test.app)
		if got != test.want {
			t.Errorf("package URL of %s = %s; want %s", test.app.Name, got, test.want)
		}
		if _, err := packageurl.FromString(got); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
}
