package calls

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"virt-tools/internal/regf"
	"virt-tools/pkg/guestfs"
)

// TestHivex changes a hive in the guest; libhivex reads it back.
func TestHivex(t *testing.T) {
	ctx, g := filesystem(t)
	h := regf.New()
	soft, err := h.AddChild(h.Root(), "Software")
	must(t, err)
	must(t, h.SetValue(soft, regf.Data{Name: "Version", Type: regf.String, Bytes: regf.UTF16("Windows Ä")}))
	must(t, h.SetValue(soft, regf.Data{Name: "Number", Type: 4, Bytes: []byte{1, 0, 0, 0}}))
	must(t, g.Write(ctx, "/SOFTWARE", h.Bytes()))

	_, err = g.HivexRoot(ctx)
	wantErr(t, err, syscall.EINVAL)
	must(t, g.HivexOpen(ctx, "/SOFTWARE", nil))
	root, err := g.HivexRoot(ctx)
	must(t, err)
	children, err := g.HivexNodeChildren(ctx, root)
	must(t, err)
	node, err := g.HivexNodeGetChild(ctx, root, "SOFTWARE")
	must(t, err)
	same(t, "children", children, []guestfs.HivexNode{{HivexNodeH: node}})
	name, err := g.HivexNodeName(ctx, node)
	must(t, err)
	same(t, "name", name, "Software")
	up, err := g.HivexNodeParent(ctx, node)
	must(t, err)
	same(t, "parent", up, root)
	none, err := g.HivexNodeGetChild(ctx, root, "none")
	must(t, err)
	same(t, "no child", none, int64(0))
	values, err := g.HivexNodeValues(ctx, node)
	must(t, err)
	same(t, "number of values", len(values), 2)
	value, err := g.HivexNodeGetValue(ctx, node, "version")
	must(t, err)
	same(t, "value", value, values[0].HivexValueH)
	key, err := g.HivexValueKey(ctx, value)
	must(t, err)
	kind, err := g.HivexValueType(ctx, value)
	must(t, err)
	data, err := g.HivexValueValue(ctx, value)
	must(t, err)
	text, err := g.HivexValueString(ctx, value)
	must(t, err)
	old, err := g.HivexValueUtf8(ctx, value)
	must(t, err)
	same(t, "value", []any{key, kind, data, text, old}, []any{"Version", int64(1), regf.UTF16("Windows Ä"), "Windows Ä", "Windows Ä"})
	number, err := g.HivexNodeGetValue(ctx, node, "Number")
	must(t, err)
	_, err = g.HivexValueString(ctx, number)
	wantErr(t, err, syscall.EINVAL)
	_, err = g.HivexNodeAddChild(ctx, root, "x")
	wantErr(t, err, syscall.EROFS)
	wantErr(t, g.HivexCommit(ctx, nil), syscall.EROFS)
	_, err = g.HivexNodeName(ctx, value)
	wantErr(t, err, syscall.EFAULT)
	_, err = g.HivexNodeName(ctx, -1)
	wantErr(t, err, syscall.EINVAL)
	must(t, g.HivexClose(ctx))
	wantErr(t, g.HivexClose(ctx), syscall.EINVAL)

	must(t, g.HivexOpen(ctx, "/SOFTWARE", &guestfs.HivexOpenOpts{Write: true}))
	child, err := g.HivexNodeAddChild(ctx, node, "Child")
	must(t, err)
	must(t, g.HivexNodeSetValue(ctx, child, "", 1, regf.UTF16("default")))
	must(t, g.HivexNodeSetValue(ctx, child, "big", 3, bytes.Repeat([]byte("x"), 100_000)))
	gone, err := g.HivexNodeAddChild(ctx, node, "Gone")
	must(t, err)
	_, err = g.HivexNodeAddChild(ctx, node, "child")
	wantErr(t, err, fs.ErrExist)
	must(t, g.HivexNodeDeleteChild(ctx, gone))
	wantErr(t, g.HivexNodeDeleteChild(ctx, root), syscall.EINVAL)
	wantErr(t, g.HivexNodeSetValue(ctx, child, "x", -1, nil), syscall.EINVAL)
	must(t, g.HivexCommit(ctx, ptr("/copy")))
	must(t, g.HivexCommit(ctx, nil))
	wantErr(t, g.HivexCommit(ctx, ptr("copy")), syscall.EINVAL)
	must(t, g.HivexClose(ctx))

	for _, path := range []guestfs.Path{"/SOFTWARE", "/copy"} {
		file := filepath.Join(t.TempDir(), "hive")
		content, err := g.ReadFile(ctx, path)
		must(t, err)
		must(t, os.WriteFile(file, content, 0o600))
		cmd := exec.Command("hivexsh", file)
		cmd.Stdin = strings.NewReader("cd Software\\Child\nlsval @\ncd ..\nls\nlsval Version\n")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("hivexsh: %v\n%s", err, out)
		}
		same(t, "hivexsh", string(out), "default\nChild\nWindows Ä\n")
	}
	must(t, g.HivexOpen(ctx, "/SOFTWARE", nil))
	node, err = g.HivexNodeGetChild(ctx, node, "Child")
	must(t, err)
	value, err = g.HivexNodeGetValue(ctx, node, "big")
	must(t, err)
	data, err = g.HivexValueValue(ctx, value)
	must(t, err)
	same(t, "long data", len(data), 100_000)

	must(t, g.Write(ctx, "/text", []byte("no hive")))
	must(t, g.Mkfifo(ctx, 0o600, "/fifo"))
	wantErr(t, g.HivexOpen(ctx, "/text", nil), errors.ErrUnsupported)
	wantErr(t, g.HivexOpen(ctx, "/none", nil), fs.ErrNotExist)
	wantErr(t, g.HivexOpen(ctx, "/fifo", nil), syscall.EINVAL)
	_, err = g.HivexRoot(ctx)
	wantErr(t, err, syscall.EINVAL)
}
