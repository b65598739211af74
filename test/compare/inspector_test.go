package compare

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"virt-tools/test/guests"
)

// allGuests is the variable that has every small guest compared, not only some. Without
// KVM that takes libguestfs several minutes.
const allGuests = "VIRT_TOOLS_COMPARE_ALL"

// someGuests are compared always: dpkg, apk, pacman and Windows, each on another layout, and
// a system on subvolumes.
var someGuests = []string{"alpine", "archlinux", "debian", "fedora-btrfs", "windows-10"}

// A correction is where our XML is another than that of libguestfs 1.48, and means to be.
type correction struct {
	why string
	// In the lines that flat makes, theirs and ours are replaced by the text.
	theirs, ours *regexp.Regexp
	text         string
}

var corrections = []correction{
	{why: "newer versions of libguestfs have this element", ours: regexp.MustCompile(`(?m)^[^\n]*\tbuild_id: .*\n`)},
	{why: "newer versions of libguestfs have this element", ours: regexp.MustCompile(`(?m)^[^\n]*\twindows_group_policy: .*\n`)},
	{why: "of by-uuid it knows no short UUID", theirs: firstOfTwo, ours: firstOfTwo, text: "${1}[dev=first partition]"},
	{why: "1.48 does not know Windows 11", theirs: regexp.MustCompile(`\tosinfo: win1[01]\n`), ours: regexp.MustCompile(`\tosinfo: win1[01]\n`), text: "\tosinfo: win10 or win11\n"},
	{why: "of subvol=/x it makes two slashes", theirs: regexp.MustCompile(`(btrfsvol:/dev/[a-z0-9]+)//`), text: "$1/"},
	{why: "it does not find the array that mdadm.conf names", theirs: mdBoot, ours: mdBoot, text: "/dev/f_md/root\t$1[dev=/dev/md/boot]"},
	{why: "and so knows nothing of it", ours: regexp.MustCompile(`(?m)^/dev/f_md/root\tfilesystems/filesystem\[dev=/dev/md/boot\]/.*\n`)},
}

// firstOfTwo is the partition before that of the root, however fstab names it.
var firstOfTwo = regexp.MustCompile(`(?m)^(/dev/sd[a-z]2\t(?:mountpoints/mountpoint|filesystems/filesystem))\[dev=(?:/dev/sd[a-z]1|/dev/disk/by-uuid/[0-9A-F]{4}-[0-9A-F]{4})\]`)

var mdBoot = regexp.MustCompile(`(?m)^/dev/f_md/root\t(.*)\[dev=/dev/md(?:/boot|12[67])\]`)

// TestVirtInspector looks at the small guests as the disks of one: each start of libguestfs's
// appliance takes as long as all that is asked of it. Apart are those that it opens with a key;
// those that it takes for another's when there are more disks; and those with rpm,
// without their packages: Debian's libguestfs shows nothing at all when it finds no database of rpm.
func TestVirtInspector(t *testing.T) {
	ctx, w := setup(t)
	all := os.Getenv(allGuests) != ""
	if all {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
	}
	images := map[bool][]string{false: {w.demo}} // by what Guest.RPM says
	for _, g := range guests.Small() {
		if g.Unknown || !all && !slices.Contains(someGuests, g.Name) {
			continue
		}
		disks, err := g.Images(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Keys) == 0 && !slices.Contains(alone, g.Name) {
			images[g.RPM] = append(images[g.RPM], disks...)
			continue
		}
		args := append(add(disks...), "--no-applications")
		for _, key := range g.Keys {
			args = append(args, "--key", key)
		}
		w.sameReport(ctx, t, args...)
	}
	before := guests.Hash(t, w.demo)
	w.sameReport(ctx, t, add(images[false]...)...)
	if len(images[true]) > 0 {
		w.sameReport(ctx, t, append(add(images[true]...), "--no-applications")...)
	}
	if guests.Hash(t, w.demo) != before {
		t.Error("the image has changed")
	}
}

// alone are guests on subvolumes, of which libguestfs mixes up the names of disks; one whose
// fstab, and two whose disks without partitions, end its inspection of Windows beside them. It lists
// no packages of the latter.
var alone = []string{"fedora-btrfs", "freebsd", "gentoo", "opensuse-ndb", "void"}

// sameReport compares the XML of libguestfs's virt-inspector with ours, white space and
// corrections aside.
func (w *world) sameReport(ctx context.Context, t *testing.T, args ...string) {
	t.Helper()
	theirs, err := w.tools.Run(ctx, "virt-inspector", args...)
	if err != nil || theirs.Code != 0 {
		t.Fatalf("libguestfs's virt-inspector: %v, exit status %d: %s", err, theirs.Code, theirs.Stderr)
	}
	ours := w.our(ctx, t, "virt-inspector", args...)
	if ours.Code != 0 {
		t.Fatalf("virt-inspector: exit status %d: %s", ours.Code, ours.Stderr)
	}
	want, err := flat(theirs.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	got, err := flat(ours.Stdout)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range corrections {
		if c.theirs != nil {
			want = c.theirs.ReplaceAllString(want, c.text)
		}
		if c.ours != nil {
			got = c.ours.ReplaceAllString(got, c.text)
		}
	}
	if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("virt-inspector %q, -libguestfs +ours:\n%s\nlibguestfs said: %s\nours said: %s", args, d, theirs.Stderr, ours.Stderr)
	}
	t.Logf("libguestfs took %v, ours %v", theirs.Took, ours.Took)
}

// flat turns XML into a line for each text and attribute, in order: the elements around it,
// of which a system is named by its root, and the text without needless white space.
func flat(document string) (string, error) {
	var out strings.Builder
	var path []string
	root, text := "", ""
	d := xml.NewDecoder(strings.NewReader(document))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return byRoot(out.String()), nil
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			for _, a := range token.Attr {
				path[len(path)-1] += fmt.Sprintf("[%s=%s]", a.Name.Local, a.Value)
			}
			text = ""
		case xml.CharData:
			text += string(token)
		case xml.EndElement:
			text = strings.Join(strings.Fields(text), " ")
			if token.Name.Local == "root" {
				root = text
			}
			if !slices.Contains([]string{"operatingsystems", "operatingsystem"}, token.Name.Local) {
				fmt.Fprintf(&out, "%s\t%s: %s\n", root, strings.Join(path[min(2, len(path)):], "/"), text)
			}
			path = path[:len(path)-1]
			text = ""
		}
	}
}

// byRoot sorts the lines by the system that they begin with, whose own stay in their order:
// which of several disks is looked at first does not matter.
func byRoot(lines string) string {
	list := strings.Split(strings.TrimSuffix(lines, "\n"), "\n")
	system := func(line string) string { root, _, _ := strings.Cut(line, "\t"); return root }
	slices.SortStableFunc(list, func(a, b string) int { return strings.Compare(system(a), system(b)) })
	return strings.Join(list, "\n") + "\n"
}
