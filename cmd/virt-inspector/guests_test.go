package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virt-tools/test/guests"
	"virt-tools/test/script"
)

// expected is where the JSON of each small guest is.
const expected = "../../test/guests/expected"

// usual are the guests of which one stands for each family. VIRT_TOOLS_SLOW=1 takes all, which
// is minutes more.
var usual = []string{
	"alpine", "archlinux", "blank-disk", "centos-bdb", "coreos", "debian", "fedora-btrfs", "fedora-ostree", "freebsd", "luks-lvm",
	"multiboot", "nixos", "opensuse-ndb", "windows-10",
}

// TestVMGuests inspects small guests and compares what is said of them with what is kept
// beside the guests. -update writes that anew, for all.
func TestVMGuests(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	all := *script.Update || os.Getenv("VIRT_TOOLS_SLOW") != ""
	for _, g := range guests.Small() {
		if !all && !slices.Contains(usual, g.Name) {
			continue
		}
		t.Run(g.Name, func(t *testing.T) {
			images, err := g.Images(ctx)
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"--json", "--format=raw"}
			for _, image := range images {
				args = append(args, "-a", image)
			}
			for _, key := range g.Keys {
				args = append(args, "--key", key)
			}
			before := guests.Hash(t, images...)
			var out, errs bytes.Buffer
			status := run(ctx, args, strings.NewReader(""), &out, &errs)
			if guests.Hash(t, images...) != before {
				t.Error("the images have changed")
			}
			report := out.String()
			if status == 0 {
				report = withoutUUIDs(t, report)
				valid(t, asXML(t, out.Bytes()))
			}
			compare(t, filepath.Join(expected, g.Name+".json"), report+messages(errs.String()))
		})
	}
}

// messages are what was said beside the report, as a comment below it.
func messages(text string) string {
	if text == "" {
		return ""
	}
	return "// " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n// ") + "\n"
}

// withoutUUIDs puts the name of its device in the place of each UUID of a filesystem: they
// are another each time the guest is made.
func withoutUUIDs(t *testing.T, report string) string {
	t.Helper()
	systems := parse(t, []byte(report))
	for _, s := range systems {
		for _, f := range s.Filesystems {
			if len(f.UUID) >= len("1234-ABCD") {
				report = strings.ReplaceAll(report, f.UUID, "UUID of "+f.Device)
			}
		}
	}
	return report
}

// asXML is the report as XML with facts, which the schema is asked about.
func asXML(t *testing.T, report []byte) string {
	t.Helper()
	var x bytes.Buffer
	if err := writeXML(&x, parse(t, report)); err != nil {
		t.Fatal(err)
	}
	return x.String()
}

func parse(t *testing.T, report []byte) []system {
	t.Helper()
	var parsed struct {
		Systems []system `json:"operatingsystems"`
	}
	if err := json.Unmarshal(report, &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed.Systems
}
