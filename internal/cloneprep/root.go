package cloneprep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"virt-tools/pkg/guestfs"
)

// root is an operating system of the guest, and what operations do with its
// files. Paths are absolute in it.
type root struct {
	*prep
	device    string
	kind      string // linux, windows, freebsd, ...
	distro    string
	packages  string // format: deb, rpm
	manager   string // apt, dnf
	major     int
	arch      string
	hostname  string
	mounts    []mountpoint // the shortest path first
	operation string       // that runs
	homes     []string
	created   bool // files were made, so that SELinux wants them labelled
}

type mountpoint struct {
	dir    string
	device guestfs.Mountable
}

func (p *prep) findRoots(ctx context.Context) error {
	devices, err := p.g.InspectOs(ctx)
	if err != nil {
		return err
	}
	for _, device := range devices {
		r, err := p.newRoot(ctx, device)
		if err != nil {
			return fmt.Errorf("%s: %w", device, err)
		}
		p.roots = append(p.roots, r)
	}
	if len(p.roots) == 0 {
		return ErrNoSystem
	}
	return nil
}

func (p *prep) newRoot(ctx context.Context, device guestfs.Mountable) (*root, error) {
	r := &root{prep: p, device: string(device)}
	var errs []error
	text := func(get func(context.Context, guestfs.Mountable) (string, error)) string {
		s, err := get(ctx, device)
		errs = append(errs, err)
		if s == "unknown" {
			return ""
		}
		return s
	}
	r.kind = text(p.g.InspectGetType)
	r.distro = text(p.g.InspectGetDistro)
	r.packages = text(p.g.InspectGetPackageFormat)
	r.manager = text(p.g.InspectGetPackageManagement)
	r.arch = text(p.g.InspectGetArch)
	r.hostname = text(p.g.InspectGetHostname)
	major, err := p.g.InspectGetMajorVersion(ctx, device)
	errs = append(errs, err)
	r.major = int(major)
	points, err := p.g.InspectGetMountpoints(ctx, device)
	errs = append(errs, err)
	for _, pair := range points {
		r.mounts = append(r.mounts, mountpoint{pair.Key, guestfs.Mountable(pair.Value)})
	}
	slices.SortFunc(r.mounts, func(a, b mountpoint) int { return strings.Compare(a.dir, b.dir) })
	slices.SortStableFunc(r.mounts, func(a, b mountpoint) int { return len(a.dir) - len(b.dir) })
	return r, errors.Join(errs...)
}

// mount mounts the filesystems of the system to be changed. Only the root must be
// there: a data disk may have been left at home.
func (r *root) mount(ctx context.Context) error {
	for _, m := range r.mounts {
		if err := r.checkAwake(ctx, m); err != nil {
			return err
		}
		err := r.g.MountOptions(ctx, r.MountOptions[m.dir], m.device, m.dir)
		switch {
		case err == nil:
		case m.dir == "/":
			return err
		default:
			r.prep.warn(fmt.Sprintf("%s (%s) cannot be mounted, what is on it stays as it is: %v", m.dir, m.device, err))
		}
	}
	r.homes = nil
	return nil
}

// checkAwake asks of a filesystem of Windows whether it can be written to: one
// that belongs to a system that sleeps would be mounted all the same, to be read.
func (r *root) checkAwake(ctx context.Context, m mountpoint) error {
	const hibernated = 14 // NTFS_VOLUME_HIBERNATED of ntfs-3g
	if !isWindows(r) || !r.first("awake "+string(m.device)) {
		return nil
	}
	kind, err := r.g.VfsType(ctx, m.device)
	if err != nil || kind != "ntfs" {
		return err
	}
	code, err := r.g.Ntfs3gProbe(ctx, true, guestfs.Device(m.device))
	if err == nil && code == hibernated {
		err = &HibernatedError{Device: string(m.device)}
	}
	return err
}

// HibernatedError is the answer to a system that sleeps, on disk.
type HibernatedError struct{ Device string }

func (e *HibernatedError) Error() string {
	return fmt.Sprintf("%s belongs to a system that hibernates or was shut down with fast startup", e.Device)
}

func isLinux(r *root) bool      { return r.kind == "linux" }
func isWindows(r *root) bool    { return r.kind == "windows" }
func isNotWindows(r *root) bool { return r.kind != "windows" }

var redHats = []string{
	"fedora", "rhel", "centos", "scientificlinux", "oraclelinux", "redhat-based", "rocky", "circle", "almalinux", "amzn",
}

func isRedHat(r *root) bool { return slices.Contains(redHats, r.distro) }
func isDebian(r *root) bool { return r.packages == "deb" }

// record notes a change to a file.
func (r *root) record(action, file, old, now string) {
	r.created = r.created || action != "removed"
	r.add(Entry{Operation: r.operation, Action: action, Root: r.device, Path: file, Old: old, New: now})
}

// glob lists what matches a pattern. "~" at its start stands for each home
// directory. Directories end in a slash.
func (r *root) glob(ctx context.Context, pattern string) ([]string, error) {
	if rest, ok := strings.CutPrefix(pattern, "~"); ok {
		homes, err := r.homeDirs(ctx)
		if err != nil {
			return nil, err
		}
		var all []string
		for _, home := range homes {
			found, err := r.glob(ctx, home+rest)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		return all, nil
	}
	return r.g.GlobExpand(ctx, guestfs.Path(pattern), nil)
}

// removeFiles removes the files, not the directories, that match.
func (r *root) removeFiles(ctx context.Context, patterns ...string) error {
	for _, pattern := range patterns {
		found, err := r.glob(ctx, pattern)
		if err != nil {
			return err
		}
		for _, file := range found {
			if strings.HasSuffix(file, "/") {
				continue
			}
			if err := r.g.RmF(ctx, guestfs.Path(file)); err != nil {
				return err
			}
			r.record("removed", file, "", "")
		}
	}
	return nil
}

// removeTrees removes all that matches, with what is below.
func (r *root) removeTrees(ctx context.Context, patterns ...string) error {
	for _, pattern := range patterns {
		found, err := r.glob(ctx, pattern)
		if err != nil {
			return err
		}
		for _, file := range found {
			file = strings.TrimSuffix(file, "/")
			if base := path.Base(file); base == "." || base == ".." || base == "/" {
				continue
			}
			if err := r.g.RmRf(ctx, guestfs.Path(file)); err != nil {
				return err
			}
			r.record("removed", file, "", "")
		}
	}
	return nil
}

// maxText is the size to which texts are read to be changed.
const maxText = 4 << 20

// read returns a regular file of the guest, following links; ok is false when
// there is none, or it is larger than any text that operations change.
func (r *root) read(ctx context.Context, file string) (text []byte, ok bool, err error) {
	st, err := r.g.Statns(ctx, guestfs.Path(file))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir) || errors.Is(err, errLoop) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if st.StMode&modeType != modeRegular || st.StSize > maxText {
		return nil, false, nil
	}
	text, err = r.g.ReadFile(ctx, guestfs.Path(file))
	return text, err == nil, err
}

// replace gives a file that is there another content and keeps its mode, owner
// and attributes.
func (r *root) replace(ctx context.Context, file string, text []byte) error {
	return r.g.ReplaceFile(ctx, bytes.NewReader(text), guestfs.Path(file), nil)
}

// write makes a file with a mode, or replaces one that is there.
func (r *root) write(ctx context.Context, file string, text []byte, mode int) error {
	if _, err := r.g.Statns(ctx, guestfs.Path(file)); err == nil {
		return r.replace(ctx, file, text)
	}
	r.created = true
	if err := r.g.MkdirP(ctx, guestfs.Path(path.Dir(file))); err != nil {
		return err
	}
	if err := r.g.Write(ctx, guestfs.Path(file), text); err != nil {
		return err
	}
	return r.g.Chmod(ctx, mode, guestfs.Path(file))
}

// edit applies change to the files that match, and notes those that it changed.
func (r *root) edit(ctx context.Context, pattern string, change func(string) string) error {
	files, err := r.glob(ctx, pattern)
	if err != nil {
		return err
	}
	for _, file := range files {
		old, ok, err := r.read(ctx, file)
		if err != nil {
			return err
		}
		if !ok || bytes.IndexByte(old, 0) >= 0 {
			continue
		}
		now := change(string(old))
		if now == string(old) {
			continue
		}
		if err := r.replace(ctx, file, []byte(now)); err != nil {
			return err
		}
		a, b := changedLines(string(old), now)
		r.record("changed", file, a, b)
	}
	return nil
}

// changedLines returns what lies between the lines that two texts begin and end
// with alike, cut to what a report can hold.
func changedLines(old, now string) (a, b string) {
	x, y := strings.Split(old, "\n"), strings.Split(now, "\n")
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return cut(strings.Join(x, "\n")), cut(strings.Join(y, "\n"))
}

func cut(s string) string {
	const most = 500
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
