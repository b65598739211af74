package appliance

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"virt-tools/appliance/internal/inputs"
	"virt-tools/internal/cpio"
)

// tree is the filesystem of the appliance while it is put together: paths to what is there. Parent directories make
// themselves. Symbolic links in the directories of a path are followed, so that with /lib -> usr/lib a file
// added as /lib/x is in the archive once, at /usr/lib/x.
type tree struct {
	set   *inputs.Set
	nodes map[string]node
}

// node is one file. Data is its text or link target; Host, if set, is where its content is on the host.
type node struct {
	mode         uint32
	data         []byte
	host         string
	major, minor uint32
}

// skeleton is there before anything else. The system is merged: four links at the top, all files below /usr.
var skeleton = []struct {
	path string
	node
}{
	{"/bin", linkTo("usr/bin")},
	{"/sbin", linkTo("usr/sbin")},
	{"/lib", linkTo("usr/lib")},
	{"/lib64", linkTo("usr/lib64")},
	{"/dev/console", node{mode: cpio.Char | 0o600, major: 5, minor: 1}},
	{"/dev/null", node{mode: cpio.Char | 0o666, major: 1, minor: 3}},
	{"/proc", node{mode: cpio.Dir | 0o555}},
	{"/sys", node{mode: cpio.Dir | 0o555}},
	{"/run", node{mode: cpio.Dir | 0o755}},
	{"/tmp", node{mode: cpio.Dir | 0o1777}},
	{"/var", node{mode: cpio.Dir | 0o755}},
	{"/root", node{mode: cpio.Dir | 0o700}},
	{"/sysroot", node{mode: cpio.Dir | 0o755}},
}

func newTree(set *inputs.Set) (*tree, error) {
	t := &tree{set: set, nodes: map[string]node{}}
	for _, s := range skeleton {
		if err := t.add(s.path, s.node); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// place returns where a path ends up, following the tree's own links in its directories, and makes these.
func (t *tree) place(name string) (string, error) {
	parts := strings.Split(strings.Trim(path.Clean("/"+name), "/"), "/")
	at := "/"
	for hops := 0; len(parts) > 1; {
		next := path.Join(at, parts[0])
		parts = parts[1:]
		n, ok := t.nodes[next]
		switch {
		case !ok:
			t.nodes[next] = node{mode: cpio.Dir | 0o755}
			at = next
		case n.mode&fileType == cpio.Dir:
			at = next
		case n.mode&fileType == cpio.Link:
			if hops++; hops > 40 {
				return "", fmt.Errorf("%s: too many symbolic links", name)
			}
			target := string(n.data)
			if !path.IsAbs(target) {
				target = path.Join(at, target)
			}
			parts = append(strings.Split(strings.Trim(path.Clean(target), "/"), "/"), parts...)
			at = "/"
		default:
			return "", fmt.Errorf("%s: %s is not a directory", name, next)
		}
	}
	return path.Join(at, parts[0]), nil
}

const fileType = 0o170000

// add puts a node at a path. The same file twice is fine, another in its place is not.
func (t *tree) add(name string, n node) error {
	at, err := t.place(name)
	if err != nil {
		return err
	}
	old, ok := t.nodes[at]
	if ok && !old.same(n) {
		return fmt.Errorf("%s: two different files for one place in the appliance", at)
	}
	t.nodes[at] = n
	return nil
}

func (n node) same(m node) bool {
	return n.mode == m.mode && n.host == m.host && string(n.data) == string(m.data) && n.major == m.major && n.minor == m.minor
}

// addText adds a file of our own.
func (t *tree) addText(name string, mode uint32, text []byte) error {
	return t.add(name, node{mode: cpio.File | mode, data: text})
}

// addAlias adds a symbolic link, unless the host brought a file of that name.
func (t *tree) addAlias(name, target string) error {
	at, err := t.place(name)
	if err != nil {
		return err
	}
	if _, ok := t.nodes[at]; ok {
		return nil
	}
	return t.add(at, linkTo(target))
}

// addHost adds a file of the host. It is kept where it really is; a name that led there through links becomes one link,
// whatever the host's own way was, since directories may be links where ours are none.
func (t *tree) addHost(name string) error {
	real, _, err := t.set.Resolve(name)
	if err != nil {
		return err
	}
	info, err := t.set.Lstat(real)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "read", Path: real, Err: fs.ErrInvalid}
	}
	// Permissions are ours, not the host's: set-user-ID means nothing where everything runs as root.
	perm := uint32(info.Mode().Perm()&0o111) | 0o644
	if err := t.add(real, node{mode: cpio.File | perm, host: t.set.Host(real)}); err != nil {
		return err
	}
	from, err := t.place(name)
	if err != nil {
		return err
	}
	to, err := t.place(real)
	if err != nil || from == to {
		return err
	}
	if path.Dir(from) == path.Dir(to) {
		to = path.Base(to)
	}
	return t.add(from, linkTo(to))
}

func linkTo(target string) node { return node{mode: cpio.Link | 0o777, data: []byte(target)} }

// write writes the tree as an archive, sorted, so directories come before what is in them.
func (t *tree) write(w io.Writer) error {
	c := cpio.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(t.nodes)) {
		if err := t.nodes[name].write(c, strings.TrimPrefix(name, "/")); err != nil {
			return err
		}
	}
	return c.Close()
}

func (n node) write(c *cpio.Writer, name string) error {
	h := cpio.Header{Name: name, Mode: n.mode, Size: int64(len(n.data)), Major: n.major, Minor: n.minor}
	if n.host == "" {
		return c.Add(h, strings.NewReader(string(n.data)))
	}
	f, err := os.Open(n.host)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h.Size = info.Size()
	return c.Add(h, f)
}
