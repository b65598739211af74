// Package icon finds the picture by which an operating system is known.
//
//	png, warnings := icon.Find(fsys, icon.System{Type: "linux", Distro: "debian"}, icon.Options{Favicon: true})
//	if png == nil {
//		// there is none
//	}
//
// It looks where libguestfs looks, for a PNG of a reasonable size, and turns
// what other systems have into one: the bitmap in Windows's explorer.exe, the
// text that is the logo of CirrOS. Nothing is run for that, here or elsewhere.
// It reads a tree through io/fs. The files are a guest's: their sizes are
// bounded, and what is not a picture is left out.
package icon

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// System is what Find must know of a guest.
type System struct {
	Type         string // linux, hurd, windows, ...
	Distro       string
	Major, Minor int
	Systemroot   string // of Windows, as a path in the tree
}

// Options say what icon is wanted.
type Options struct {
	Favicon     bool // etc/favicon.png counts first
	HighQuality bool // a poor icon counts as none
}

// Find returns the icon of a system in PNG, or nil if it has none. Warnings are
// about files that are there and could not be read.
func Find(fsys fs.FS, sys System, o Options) (png []byte, warnings []string) {
	f := &finder{fsys: fsys}
	return f.find(sys, o), f.warnings
}

func (f *finder) find(sys System, o Options) []byte {
	if o.Favicon && !o.HighQuality { // which a favicon never has
		name := "etc/favicon.png"
		if sys.Type == "windows" {
			name = f.spelling(name)
		}
		if b := f.png(name, 0); b != nil {
			return b
		}
	}
	switch sys.Type {
	case "windows":
		if !o.HighQuality {
			return f.windows(sys)
		}
	case "linux", "hurd":
		if sys.Distro == "cirros" {
			return f.cirros()
		}
		for _, l := range logos(sys) {
			if l.poor && o.HighQuality {
				continue
			}
			if b := f.png(l.file, l.limit); b != nil {
				return b
			}
		}
	}
	return nil
}

// logo is a place where a distribution has its icon.
type logo struct {
	file  string
	limit int64 // bytes; 0 means what the size in pixels allows
	poor  bool
}

func logos(sys System) []logo {
	switch sys.Distro {
	case "fedora":
		return []logo{{"usr/share/icons/hicolor/96x96/apps/fedora-logo-icon.png", 0, false}}
	case "rhel", "redhat-based", "centos", "scientificlinux", "oraclelinux", "rocky", "almalinux", "circle":
		// Those that are made from RHEL have their own logos at its places.
		if sys.Major < 7 {
			return []logo{{"usr/share/pixmaps/redhat/shadowman-transparent.png", 102400, false}}
		}
		return []logo{
			{"usr/share/icons/hicolor/96x96/apps/system-logo-icon.png", 102400, false},
			{"usr/share/pixmaps/fedora-logo-sprite.png", 102400, false},
		}
	case "debian":
		return []logo{{"usr/share/pixmaps/debian-logo.png", 2048, false}}
	case "ubuntu":
		return []logo{
			{"usr/share/icons/gnome/24x24/places/ubuntu-logo.png", 2048, true},
			{"usr/share/help/C/ubuntu-help/figures/ubuntu-logo.png", 2048, true},
		}
	case "mageia":
		return []logo{{"usr/share/icons/mageia.png", 10240, false}}
	case "opensuse", "sles", "suse-based":
		return []logo{
			{"usr/share/icons/hicolor/48x48/apps/distributor.png", 10240, false},
			{"usr/share/icons/hicolor/24x24/apps/distributor.png", 10240, false},
		}
	case "voidlinux":
		return []logo{{"usr/share/void-artwork/void-logo.png", 20480, false}}
	case "altlinux":
		return []logo{{"usr/share/icons/hicolor/48x48/apps/altlinux.png", 20480, false}}
	case "gentoo":
		return []logo{{"usr/share/icons/gentoo/48x48/gentoo.png", 10240, false}}
	case "openmandriva":
		return []logo{
			{"usr/share/icons/large/mandriva.png", 10240, false},
			{"usr/share/icons/mandriva.png", 10240, false},
		}
	}
	return nil
}

// finder is one search.
type finder struct {
	fsys     fs.FS
	warnings []string
}

var errNotRegular = errors.New("not a regular file")

// read returns a regular file of at most limit bytes; a larger one is none.
func (f *finder) read(name string, limit func(head []byte) int64) []byte {
	b, err := f.readFile(name, limit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.warnings = append(f.warnings, fmt.Sprintf("icon: %v", err))
	}
	return b
}

// headBytes is how much of a file limit gets to see.
const headBytes = 24

func (f *finder) readFile(name string, limit func(head []byte) int64) ([]byte, error) {
	fi, err := fs.Stat(f.fsys, name)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() { // opening a fifo would wait for ever
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
	}
	file, err := f.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head := make([]byte, headBytes)
	n, err := io.ReadFull(file, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	most := limit(head[:n])
	if err != nil || fi.Size() > most {
		return nil, err
	}
	rest, err := io.ReadAll(io.LimitReader(file, most-int64(n)))
	return append(head[:n], rest...), err
}

// Sizes of icons that are believed, in pixels.
const (
	minSide = 16
	maxSide = 1024
)

// png returns a file if it is a PNG of a reasonable size.
func (f *finder) png(name string, limit int64) []byte {
	return f.read(name, func(head []byte) int64 {
		if len(head) < headBytes || !bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")) {
			return -1
		}
		w, h := int64(binary.BigEndian.Uint32(head[16:])), int64(binary.BigEndian.Uint32(head[20:]))
		switch {
		case w < minSide || h < minSide || w > maxSide || h > maxSide:
			return -1
		case limit == 0:
			return 4 * w * h
		}
		return limit
	})
}

// spelling finds a path in a filesystem whose names have no case. Of several
// the first counts. It is returned as it is when it is not there.
func (f *finder) spelling(name string) string {
	found := "."
	for part := range strings.SplitSeq(name, "/") {
		have := f.entry(found, part)
		if have == "" {
			return name
		}
		found = path.Join(found, have)
	}
	return found
}

// maxEntries bounds how much of a directory is read.
const maxEntries = 100_000

// entry returns the name in a directory that is the same but for its case.
func (f *finder) entry(dir, name string) string {
	file, err := f.fsys.Open(dir)
	if err != nil {
		return ""
	}
	defer file.Close()
	d, ok := file.(fs.ReadDirFile)
	if !ok {
		return ""
	}
	for range maxEntries / 1000 {
		entries, err := d.ReadDir(1000)
		for _, e := range entries {
			if strings.EqualFold(e.Name(), name) {
				return e.Name()
			}
		}
		if err != nil {
			return ""
		}
	}
	return ""
}
