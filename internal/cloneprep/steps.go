package cloneprep

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"virt-tools/internal/decompress"
	"virt-tools/pkg/guestfs"
)

const (
	errNotDir   = syscall.ENOTDIR
	errLoop     = syscall.ELOOP
	modeType    = syscall.S_IFMT
	modeRegular = syscall.S_IFREG
)

// checkFile wants a file of this computer.
func checkFile(value string) error {
	info, err := os.Stat(value)
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "open", Path: value, Err: syscall.EISDIR}
	}
	return err
}

// checkLocal wants a file of this computer, a colon and a path in the guest.
func checkLocal(value string) error {
	local, dest, ok := cutLast(value)
	if !ok {
		return errPair
	}
	if _, err := os.Stat(local); err != nil {
		return err
	}
	return checkPath(dest)
}

// cutLast cuts at the last colon: the name of a file here may have one.
func cutLast(value string) (before, after string, ok bool) {
	i := strings.LastIndexByte(value, ':')
	if i <= 0 {
		return value, "", false
	}
	return value[:i], value[i+1:], true
}

func appendLine(ctx context.Context, r *root, value string) error {
	file, line, _ := strings.Cut(value, ":")
	old, _, err := r.read(ctx, file)
	if err != nil {
		return err
	}
	end := "\n"
	if strings.Contains(string(old), "\r\n") || len(old) == 0 && isWindows(r) {
		end = "\r\n"
	}
	text := string(old)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += end
	}
	return r.write(ctx, file, []byte(text+line+end), 0o644)
}

func octalMode(value string) (int, string, error) {
	mode, file, ok := strings.Cut(value, ":")
	n, err := strconv.ParseUint(mode, 8, 16)
	switch {
	case !ok:
		return 0, "", errPair
	case err != nil || n > 0o7777:
		return 0, "", fmt.Errorf("%q is not an octal mode", mode)
	}
	return int(n), file, checkPath(file)
}

func checkMode(value string) error {
	_, _, err := octalMode(value)
	return err
}

func chmod(ctx context.Context, r *root, value string) error {
	mode, file, err := octalMode(value)
	if err != nil {
		return err
	}
	return r.g.Chmod(ctx, mode, guestfs.Path(file))
}

func ownerOf(value string) (uid, gid int, file string, err error) {
	f := strings.SplitN(value, ":", 3)
	if len(f) < 3 {
		return 0, 0, "", errors.New("the value has not two colons")
	}
	u, err := strconv.ParseUint(f[0], 10, 31)
	g, err2 := strconv.ParseUint(f[1], 10, 31)
	if err != nil || err2 != nil {
		return 0, 0, "", fmt.Errorf("%s:%s are not the numbers of an owner and a group", f[0], f[1])
	}
	return int(u), int(g), f[2], checkPath(f[2])
}

func checkOwner(value string) error {
	_, _, _, err := ownerOf(value)
	return err
}

func chown(ctx context.Context, r *root, value string) error {
	uid, gid, file, err := ownerOf(value)
	if err != nil {
		return err
	}
	return r.g.Chown(ctx, uid, gid, guestfs.Path(file))
}

func copyWithin(ctx context.Context, r *root, value string) error {
	from, to, _ := strings.Cut(value, ":")
	return r.g.CpA(ctx, guestfs.Path(from), guestfs.Path(to))
}

func move(ctx context.Context, r *root, value string) error {
	from, to, _ := strings.Cut(value, ":")
	return r.g.Mv(ctx, guestfs.Path(from), guestfs.Path(to))
}

func link(ctx context.Context, r *root, value string) error {
	target, links, _ := strings.Cut(value, ":")
	for name := range strings.SplitSeq(links, ":") {
		if err := r.g.LnSf(ctx, target, guestfs.Path(name)); err != nil {
			return err
		}
	}
	return nil
}

func mkdir(ctx context.Context, r *root, value string) error {
	return r.g.MkdirP(ctx, guestfs.Path(value))
}

func touch(ctx context.Context, r *root, value string) error {
	return r.g.Touch(ctx, guestfs.Path(value))
}

func truncate(ctx context.Context, r *root, value string) error {
	return r.g.Truncate(ctx, guestfs.Path(value))
}

func scrub(ctx context.Context, r *root, value string) error {
	return r.g.ScrubFile(ctx, guestfs.Path(value))
}

func deletePath(ctx context.Context, r *root, value string) error { return r.removeTrees(ctx, value) }

func writeText(ctx context.Context, r *root, value string) error {
	file, text, _ := strings.Cut(value, ":")
	return r.write(ctx, file, []byte(text), 0o644)
}

// upload keeps the mode of the file, not its owner: numbers mean others in the
// guest.
func upload(ctx context.Context, r *root, value string) error {
	local, dest, _ := cutLast(value)
	f, err := os.Open(local)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if is, err := r.g.IsDir(ctx, guestfs.Path(dest), &guestfs.IsDirOpts{Followsymlinks: true}); err != nil {
		return err
	} else if is {
		dest = path.Join(dest, filepath.Base(local))
	}
	if err := r.g.Upload(ctx, f, dest); err != nil {
		return err
	}
	return r.g.Chmod(ctx, int(info.Mode().Perm()), guestfs.Path(dest))
}

func tarIn(ctx context.Context, r *root, value string) error {
	archive, dir, _ := cutLast(value)
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := r.g.MkdirP(ctx, guestfs.Path(dir)); err != nil {
		return err
	}
	start := make([]byte, 16)
	n, err := f.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return err
	}
	return r.g.TarIn(ctx, f, guestfs.Path(dir), &guestfs.TarInOpts{Compress: decompress.Format(start[:n])})
}

// copyIn sends a tree as an archive that belongs to root.
func copyIn(ctx context.Context, r *root, value string) error {
	local, dir, _ := cutLast(value)
	if err := r.g.MkdirP(ctx, guestfs.Path(dir)); err != nil {
		return err
	}
	pipe, w := io.Pipe()
	go func() { w.CloseWithError(packTree(w, filepath.Clean(local))) }()
	err := r.g.TarIn(ctx, pipe, guestfs.Path(dir), nil)
	pipe.CloseWithError(err)
	return err
}

func packTree(w io.Writer, top string) error {
	out := tar.NewWriter(w)
	err := filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		target := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			if target, err = os.Readlink(file); err != nil {
				return err
			}
		}
		h, err := tar.FileInfoHeader(info, target)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(filepath.Dir(top), file)
		if err != nil {
			return err
		}
		h.Name, h.Uid, h.Gid, h.Uname, h.Gname = filepath.ToSlash(rel), 0, 0, "root", "root"
		if err := out.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(out, f)
		return err
	})
	return errors.Join(err, out.Close())
}

func timezone(ctx context.Context, r *root, value string) error {
	file := "/usr/share/zoneinfo/" + value
	is, err := r.g.IsFile(ctx, guestfs.Path(path.Clean(file)), &guestfs.IsFileOpts{Followsymlinks: true})
	if err != nil {
		return err
	}
	if !is || path.Clean(file) != file {
		return fmt.Errorf("the guest does not know the time zone %q", value)
	}
	if _, ok, err := r.read(ctx, "/etc/timezone"); err != nil {
		return err
	} else if ok {
		if err := r.replace(ctx, "/etc/timezone", []byte(value+"\n")); err != nil {
			return err
		}
	}
	return r.g.LnSf(ctx, file, "/etc/localtime")
}
