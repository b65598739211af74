package compare

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/pkg/guestfs"
)

// dpkgStatus has what a status file can have. The last two packages are where
// libguestfs errs, and correctedDpkg is what it says of them.
const dpkgStatus = `Package: zlib1g
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: zlib (1:1.2)
Version: 1:1.2.13.dfsg-1
Description: compression library - runtime
 zlib is a library.
 .
  Indented, größer.
Homepage: http://zlib.net/

Package: zlib1g
Status: install ok installed
Architecture: i386
Version: 1:1.2.13.dfsg-1
Description: the same name

Package: Aptitude
Status: hold ok installed
Version: 0.8.13
Description:

Package: gone
Status: deinstall ok config-files
Version: 1

Package: no-version
Status: install ok installed

Package: hyphens
Status: install ok installed
Version: 1.0-rc1-2

Package: half
Status: install ok half-installed
Version: 3-1

`

// correctedDpkg makes of libguestfs's answer what is right: a version ends at
// the last hyphen, and a package that is half installed is not installed.
func correctedDpkg(theirs string) string {
	theirs = strings.Replace(theirs, "app2_version: 1.0\n  app2_release: rc1-2\n", "app2_version: 1.0-rc1\n  app2_release: 2\n", 1)
	begin := strings.Index(theirs, "app2_name: half\n")
	if begin < 0 {
		return theirs
	}
	begin = strings.LastIndex(theirs[:begin], "[")
	end := begin + strings.Index(theirs[begin:], "\n}\n") + len("\n}\n")
	return theirs[:begin] + theirs[end:]
}

// TestApplications compares applications and icons in the answers of the calls:
// fields that are empty count, and so does the order.
func TestApplications(t *testing.T) {
	ctx, w := setup(t)
	systems := applicationSystems(t)
	images := applicationImages(ctx, t, systems)
	var commands []string
	for i, s := range systems {
		dev := fmt.Sprintf("/dev/sd%c", 'a'+i)
		commands = append(commands, "umount-all", "mount-ro "+dev+" /", "echo system "+s.name, "inspect-list-applications2 "+dev,
			"echo icon", fmt.Sprintf("inspect-get-icon %s highquality:true | cksum", dev), fmt.Sprintf("inspect-get-icon %s | cksum", dev))
	}
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("run\ninspect-os\n"+strings.Join(commands, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	theirs, err := w.tools.Run(ctx, "guestfish", append(append([]string{"--ro"}, add(images...)...), "-f", script)...)
	if err != nil || theirs.Code != 0 {
		t.Fatalf("guestfish: %v, exit status %d: %s", err, theirs.Code, theirs.Stderr)
	}
	want := renumber(correctedDpkg(theirs.Stdout[strings.Index(theirs.Stdout, "system "):]))
	if want == renumber(theirs.Stdout[strings.Index(theirs.Stdout, "system "):]) {
		t.Error("libguestfs needs no correction any more")
	}
	got := ourApplications(ctx, t, systems, images)
	if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("-libguestfs +ours:\n%s", d)
	}
	t.Logf("libguestfs took %v", theirs.Took)
}

// renumber numbers the structures of each list anew, as some were taken out.
func renumber(text string) string {
	var out strings.Builder
	n := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "system ") {
			n = 0
		}
		if strings.HasPrefix(line, "[") {
			line = fmt.Sprintf("[%d] = {\n", n)
			n++
		}
		out.WriteString(line)
	}
	return out.String()
}

// applicationSystem is a guest of one disk.
type applicationSystem struct {
	name  string
	files map[guestfs.Path]string
}

func applicationSystems(t *testing.T) []applicationSystem {
	t.Helper()
	picture := func(side int) string {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	return []applicationSystem{
		{"debian", map[guestfs.Path]string{
			"/etc/os-release": "ID=debian\nVERSION_ID=12\n", "/etc/debian_version": "12.4\n", "/var/lib/dpkg/status": dpkgStatus,
			"/usr/share/pixmaps/debian-logo.png": picture(48), "/etc/favicon.png": picture(32),
		}},
		{"alpine", map[guestfs.Path]string{
			"/etc/os-release": "ID=alpine\nVERSION_ID=3.19.1\n", "/etc/favicon.png": picture(8),
			"/lib/apk/db/installed": "P:musl\nV:1.2.4_git20230717-r4\nA:x86_64\nT:the musl c library\nU:https://musl.libc.org/\no:musl\nF:lib\nR:x\n\n" +
				"P:busybox\nV:1.36.1-r15\n\nP:odd\nV:2\n\n",
		}},
		{"archlinux", map[guestfs.Path]string{
			"/etc/os-release":                       "ID=arch\n",
			"/var/lib/pacman/local/acl-1/desc":      "%NAME%\nacl\n\n%VERSION%\n1:2.3.2-1\n\n%DESC%\nAccess lists\n\n%ARCH%\nx86_64\n\n%URL%\nhttps://x.org\n\n",
			"/var/lib/pacman/local/zstd-1/desc":     "%NAME%\nzstd\n\n%VERSION%\n1.5.5-1\n\n%ARCH%\nany\n\n",
			"/var/lib/pacman/local/ALPM_DB_VERSION": "9\n",
		}},
	}
}

// applicationImages makes the disks of the systems.
func applicationImages(ctx context.Context, t *testing.T, systems []applicationSystem) (images []string) {
	t.Helper()
	g := guestfs.New(nil)
	defer g.Close()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	for _, s := range systems {
		file := filepath.Join(dir, s.name+".img")
		check(os.WriteFile(file, nil, 0o600))
		check(os.Truncate(file, 64<<20))
		check(g.AddDrive(file, &guestfs.AddDriveOpts{Format: "raw"}))
		images = append(images, file)
	}
	check(g.Launch(ctx))
	for i, s := range systems {
		dev := fmt.Sprintf("/dev/sd%c", 'a'+i)
		check(g.Mkfs(ctx, "ext4", guestfs.Device(dev), nil))
		check(g.Mount(ctx, guestfs.Mountable(dev), "/"))
		check(g.MkdirP(ctx, "/bin"))
		s.files["/etc/fstab"] = ""
		for file, text := range s.files {
			check(g.MkdirP(ctx, guestfs.Path(path.Dir(string(file)))))
			check(g.Write(ctx, file, []byte(text)))
		}
		check(g.UmountAll(ctx))
	}
	check(g.Shutdown(ctx))
	return images
}

// ourApplications prints our answers as guestfish does.
func ourApplications(ctx context.Context, t *testing.T, systems []applicationSystem, images []string) string {
	t.Helper()
	g := guestfs.New(nil)
	defer g.Close()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, image := range images {
		check(g.AddDrive(image, &guestfs.AddDriveOpts{Format: "raw", ReadOnly: true}))
	}
	check(g.Launch(ctx))
	_, err := g.InspectOs(ctx)
	check(err)
	var out strings.Builder
	for i, s := range systems {
		dev := guestfs.Mountable(fmt.Sprintf("/dev/sd%c", 'a'+i))
		check(g.UmountAll(ctx))
		check(g.MountRo(ctx, dev, "/"))
		list, err := g.InspectListApplications2(ctx, dev)
		check(err)
		fmt.Fprintf(&out, "system %s\n", s.name)
		for n, a := range list {
			fmt.Fprintf(&out, "[%d] = {\n", n)
			for _, f := range []struct {
				name  string
				value any
			}{
				{"name", a.App2Name}, {"display_name", a.App2DisplayName}, {"epoch", a.App2Epoch}, {"version", a.App2Version}, {"release", a.App2Release},
				{"arch", a.App2Arch}, {"install_path", a.App2InstallPath}, {"trans_path", a.App2TransPath}, {"publisher", a.App2Publisher}, {"url", a.App2Url},
				{"source_package", a.App2SourcePackage}, {"summary", a.App2Summary}, {"description", a.App2Description},
				{"spare1", a.App2Class}, {"spare2", a.App2Spare2}, {"spare3", a.App2Spare3}, {"spare4", a.App2Spare4},
			} {
				fmt.Fprintf(&out, "  app2_%s: %v\n", f.name, f.value)
			}
			out.WriteString("}\n")
		}
		out.WriteString("icon\n")
		for _, opts := range []*guestfs.InspectGetIconOpts{{HighQuality: true}, nil} {
			icon, err := g.InspectGetIcon(ctx, dev, opts)
			check(err)
			fmt.Fprintf(&out, "%s\n", cksum(icon))
		}
	}
	check(g.Shutdown(ctx))
	return out.String()
}

// cksum is what the program of that name prints: POSIX's CRC, and the length.
func cksum(b []byte) string {
	var crc uint32
	add := func(c byte) {
		crc ^= uint32(c) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	for _, c := range b {
		add(c)
	}
	for n := len(b); n > 0; n >>= 8 {
		add(byte(n))
	}
	return fmt.Sprintf("%d %d", ^crc, len(b))
}
