package calls

import (
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

// Flags of aug_init, as augeas.h has them.
const (
	augSaveBackup    = 1 << 0
	augNoAutoload    = 1 << 6
	augHostsAndGroup = augNoAutoload // and transforms for two files: all lenses take seconds under emulation
)

// augeasFiles makes files that Augeas knows, one of them damaged and one a link
// that leads out of the guest, as far as the guest can say.
func augeasFiles(t *testing.T, g *guestfs.Handle) {
	t.Helper()
	ctx := t.Context()
	must(t, g.MkdirP(ctx, "/etc/my"))
	for path, text := range map[guestfs.Path]string{
		"/etc/hosts":      "127.0.0.1 localhost\n192.168.0.1 gw.example.com gw\n",
		"/etc/real-group": "root:x:0:\nadm:x:4:root,me\n",
		"/etc/fstab":      "this is no line of fstab\n/\n",
		"/etc/my/hosts":   "10.9.8.7 mine\n",
	} {
		must(t, g.Write(ctx, path, []byte(text)))
	}
	must(t, g.LnS(ctx, "/etc/real-group", "/etc/group"))
}

func augeasValue(t *testing.T, g *guestfs.Handle, path, want string) {
	t.Helper()
	got, err := g.AugGet(t.Context(), path)
	must(t, err)
	same(t, path, got, want)
}

func TestAugeas(t *testing.T) {
	ctx, g := filesystem(t)
	augeasFiles(t, g)
	_, err := g.AugGet(ctx, "/files")
	wantErr(t, err, syscall.EINVAL)
	wantErr(t, g.AugClose(ctx), syscall.EINVAL)

	// All lenses, once.
	must(t, g.AugInit(ctx, "/", 0))
	augeasValue(t, g, "/augeas/files/etc/fstab/error", "parse_failed")
	list, err := g.AugLs(ctx, "/")
	must(t, err)
	same(t, "top", list, []string{"/augeas", "/files"})
	// A link that is absolute leads to where it does in the guest.
	augeasValue(t, g, "/files/etc/group/adm/user[2]", "me")

	must(t, g.AugInit(ctx, "/", augHostsAndGroup))
	must(t, g.AugTransform(ctx, "Hosts.lns", "/etc/hosts", nil))
	must(t, g.AugTransform(ctx, "Hosts.lns", "/etc/my/hosts", nil))
	must(t, g.AugLoad(ctx))
	list, err = g.AugLs(ctx, "/files/etc")
	must(t, err)
	same(t, "files", list, []string{"/files/etc/hosts", "/files/etc/my"})
	augeasValue(t, g, "/files/etc/my/hosts/1/canonical", "mine")
	must(t, g.AugTransform(ctx, "Hosts.lns", "/etc/my/hosts", &guestfs.AugTransformOpts{Remove: true}))
	must(t, g.AugLoad(ctx))
	list, err = g.AugMatch(ctx, "/files/etc/my/*")
	must(t, err)
	same(t, "a file that is left out", list, []string{})

	node, err := g.AugDefnode(ctx, "n", "/files/etc/hosts/01/ipaddr", "10.0.0.1")
	must(t, err)
	same(t, "defnode", *node, guestfs.IntBool{I: 1, B: 1})
	node, err = g.AugDefnode(ctx, "n", "/files/etc/hosts/*/ipaddr", "10.0.0.9")
	must(t, err)
	same(t, "defnode of what is there", *node, guestfs.IntBool{I: 3, B: 0})
	must(t, g.AugSet(ctx, "/files/etc/hosts/01/canonical", "ten"))
	must(t, g.AugInsert(ctx, "/files/etc/hosts/1", "03", true))
	must(t, g.AugInsert(ctx, "/files/etc/hosts/1", "04", false))
	list, err = g.AugMatch(ctx, "/files/etc/hosts/*")
	must(t, err)
	same(t, "order of the tree", list, []string{"/files/etc/hosts/03", "/files/etc/hosts/1", "/files/etc/hosts/04", "/files/etc/hosts/2", "/files/etc/hosts/01"})
	for _, path := range []string{"/files/etc/hosts/03", "/files/etc/hosts/04"} {
		n, err := g.AugRm(ctx, path)
		must(t, err)
		same(t, "removed", n, 1)
	}
	must(t, g.AugMv(ctx, "/files/etc/hosts/01/canonical", "/files/etc/hosts/01/alias"))
	must(t, g.AugMv(ctx, "/files/etc/hosts/01/alias", "/files/etc/hosts/01/canonical"))
	alias := "alias"
	n, err := g.AugSetm(ctx, "/files/etc/hosts/*", &alias, "all")
	must(t, err)
	same(t, "setm", n, 3)
	expr := "/files/etc/hosts/*"
	n, err = g.AugDefvar(ctx, "h", &expr)
	must(t, err)
	same(t, "defvar", n, 3)
	list, err = g.AugMatch(ctx, "$h/canonical")
	must(t, err)
	same(t, "a variable", len(list), 3)
	n, err = g.AugDefvar(ctx, "h", nil)
	must(t, err)
	same(t, "defvar of nothing", n, 0)
	label, err := g.AugLabel(ctx, "/files/etc/hosts/2/canonical")
	must(t, err)
	same(t, "label", label, "canonical")

	must(t, g.AugSave(ctx))
	const saved = "127.0.0.1 localhost all\n192.168.0.1 gw.example.com all\n10.0.0.1\tten all\n"
	text, err := g.Cat(ctx, "/etc/hosts")
	must(t, err)
	same(t, "saved", text, saved)
	must(t, g.AugClear(ctx, "/files/etc/hosts/01/canonical"))
	_, err = g.AugGet(ctx, "/files/etc/hosts/01/canonical")
	wantErr(t, err, syscall.EINVAL)
	if err := g.AugSave(ctx); err == nil || !strings.Contains(err.Error(), "/etc/hosts: put_failed: ") {
		t.Errorf("saving what the lens cannot write: %v", err)
	}
	text, err = g.Cat(ctx, "/etc/hosts")
	must(t, err)
	same(t, "after a failed save", text, saved)

	// Values of any form, which no line of text could carry.
	odd := "a \"b\"\n'c' \\ ] é \x01"
	must(t, g.AugSet(ctx, "/odd", odd))
	augeasValue(t, g, "/odd", odd)
	big := strings.Repeat("x", 1<<20)
	must(t, g.AugSet(ctx, "/odd", big))
	augeasValue(t, g, "/odd", big)

	for name, call := range map[string]func() error{
		"no matching node":          func() error { return second(g.AugGet(ctx, "/nosuch")) },
		"no matching nodes found":   func() error { return second(g.AugLabel(ctx, "/nosuch")) },
		"Too many matches for path": func() error { return second(g.AugGet(ctx, "/files/etc/hosts/*")) },
		"/files/[: Invalid path expression: empty name: /files/|=|[": func() error { return second(g.AugMatch(ctx, "/files/[")) },
		"/nosuch: x [before=0]: No match for path":                   func() error { return g.AugInsert(ctx, "/nosuch", "x", false) },
		"don't use aug-ls":   func() error { return second(g.AugLs(ctx, "/files/")) },
		"is a descendant of": func() error { return g.AugMv(ctx, "/files/etc", "/files/etc/hosts/1") },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v; want %q", err, name)
		}
	}
	_, err = g.AugGet(ctx, "/nosuch")
	wantErr(t, err, fs.ErrNotExist)

	// The state outlives the filesystem, which it does not keep busy.
	must(t, g.UmountAll(ctx))
	must(t, g.Mount(ctx, guestfs.Mountable(disk(0)), "/"))
	augeasValue(t, g, "/files/etc/hosts/1/canonical", "localhost")
	must(t, g.AugClose(ctx))
	_, err = g.AugGet(ctx, "/files")
	wantErr(t, err, syscall.EINVAL)

	must(t, g.AugInit(ctx, "/etc", augNoAutoload|augSaveBackup))
	must(t, g.AugTransform(ctx, "Hosts.lns", "/hosts", nil))
	must(t, g.AugLoad(ctx))
	must(t, g.AugSet(ctx, "/files/hosts/1/canonical", "again"))
	must(t, g.AugSave(ctx))
	text, err = g.Cat(ctx, "/etc/hosts.augsave")
	must(t, err)
	same(t, "backup", text, saved)
	must(t, g.AugClose(ctx))
	if ok, err := g.FeatureAvailable(ctx, []string{"augeas"}); err != nil || !ok {
		t.Errorf("feature_available: %v, %v", ok, err)
	}
}

// TestAugeasGuestLenses has a lens of the guest that would read a file as
// another kind: only the appliance's are used.
func TestAugeasGuestLenses(t *testing.T) {
	ctx, g := filesystem(t)
	must(t, g.MkdirP(ctx, "/usr/share/augeas/lenses/dist"))
	for _, dir := range []string{"/usr/share/augeas/lenses", "/usr/share/augeas/lenses/dist"} {
		must(t, g.Write(ctx, guestfs.Path(dir+"/evil.aug"), []byte("module Evil =\n  let lns = [ label \"evil\" . store /.*/ ]\n  let xfm = transform lns (incl \"/secret\")\n")))
	}
	must(t, g.Write(ctx, "/secret", []byte("x")))
	must(t, g.AugInit(ctx, "/", augNoAutoload))
	must(t, g.AugTransform(ctx, "Evil.lns", "/secret", nil))
	err := g.AugLoad(ctx)
	list, matchErr := g.AugMatch(ctx, "/files/secret")
	must(t, matchErr)
	if len(list) != 0 {
		t.Errorf("a lens of the guest was used: %v", err)
	}
	must(t, g.AugClose(ctx))
	same(t, "nothing is left running", fmt.Sprint(g.UmountAll(ctx)), "<nil>")
}
