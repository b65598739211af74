package libvirt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virt-tools/test/libvirts"
)

func open(t *testing.T, uri string) *Conn {
	t.Helper()
	c, err := Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A name that looks like a UUID: where both exist, the UUID counts, unless names alone are asked for.
const likeUUID = "11111111-2222-3333-4444-555555555555"

func TestLookUp(t *testing.T) {
	libvirts.Program(t)
	disk := libvirts.File("vda", "raw", "/x y")
	withUUID := strings.Replace(libvirts.Domain("holder", false, disk), "<memory", "<uuid>"+likeUUID+"</uuid><memory", 1)
	uri := libvirts.Fake(t, withUUID, libvirts.Domain(likeUUID, false), libvirts.Domain("web", true, disk), libvirts.DirPool("pool", "/pool", "a.qcow2"))
	c := open(t, uri)
	if c.URI != uri || c.FileHost() != "" {
		t.Errorf("URI %s, files at %q; want %s, here", c.URI, c.FileHost(), uri)
	}
	all, err := c.Domains(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatalf("Domains = %v, %v; want three", all, err)
	}
	active := map[string]bool{}
	for _, d := range all {
		active[d.Name] = d.Active()
		if d.XML != "" || len(d.UUID) != 36 {
			t.Errorf("domain %+v; want a UUID and no XML", d)
		}
	}
	if active["holder"] || !active["web"] {
		t.Errorf("active: %v; want web alone", active)
	}
	for _, test := range []struct {
		look       func(context.Context, string) (*Domain, error)
		name, want string
	}{
		{c.Domain, "web", "web"}, {c.Domain, likeUUID, "holder"}, {c.DomainByName, likeUUID, likeUUID}, {c.DomainByName, "holder", "holder"},
	} {
		if d, err := test.look(t.Context(), test.name); err != nil || d.Name != test.want {
			t.Errorf("look up %s = %v, %v; want %s", test.name, d, err, test.want)
		}
	}
	if d, err := c.Domain(t.Context(), "web"); err != nil || d.State != "running" || !strings.Contains(d.XML, "<source file='/x y'/>") {
		t.Errorf("web = %+v, %v", d, err)
	}
	for _, name := range []string{"nobody", "99999999-2222-3333-4444-555555555555", ""} {
		if _, err := c.Domain(t.Context(), name); err == nil || !strings.Contains(err.Error(), "there is none of that name") {
			t.Errorf("Domain(%q) = %v; want that there is none", name, err)
		}
	}
	path, volume, pool, err := c.Volume(t.Context(), "pool", "a.qcow2")
	if err != nil || path != "/pool/a.qcow2" || !strings.Contains(volume, "qcow2") || !strings.Contains(pool, "<pool type='dir'>") {
		t.Errorf("Volume = %q, %q, %q, %v", path, volume, pool, err)
	}
	for _, names := range [][2]string{{"pool", "none"}, {"none", "a.qcow2"}} {
		if _, _, _, err := c.Volume(t.Context(), names[0], names[1]); err == nil {
			t.Errorf("Volume %v: no error", names)
		}
	}
	if _, err := c.Secret(t.Context(), likeUUID, "", ""); err == nil || !strings.Contains(err.Error(), likeUUID) {
		t.Errorf("Secret of a driver without any = %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	libvirts.Program(t)
	tests := []struct{ uri, want, hint string }{
		{"test:///nonexistent.xml", "connect to libvirt (test:///nonexistent.xml): ", "-c names a libvirt"},
		{"qemu:///system?socket=/nonexistent/s", "No such file or directory", "start it with"},
		{"qemu+ssh://127.0.0.1:1/system", "connect to libvirt (qemu+ssh://", "-c names"},
		{"%", "connect to libvirt (%): ", ""},
	}
	for _, test := range tests {
		_, err := Open(t.Context(), test.uri)
		var a *advised
		if err == nil || !strings.Contains(err.Error(), test.want) || !errors.As(err, &a) || !strings.Contains(a.Hint(), test.hint) {
			t.Errorf("Open(%s) = %v; want %q with a hint", test.uri, err, test.want)
		}
	}
}

// fake makes a script the program that looks up.
func fake(t *testing.T, script string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "virt-tools-libvirt")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VIRT_TOOLS_LIBVIRT", path)
}

// Libvirt may be missing, hang, or be lost in the middle.
func TestTrouble(t *testing.T) {
	t.Run("not there", func(t *testing.T) {
		t.Setenv("VIRT_TOOLS_LIBVIRT", "")
		if slices.ContainsFunc(folders, func(dir string) bool {
			_, err := os.Stat(filepath.Join(dir, program))
			return err == nil
		}) {
			t.Skip("it is installed on this host")
		}
		if _, err := Open(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "virt-tools-libvirt is not installed") {
			t.Errorf("Open = %v", err)
		}
	})
	t.Run("no library", func(t *testing.T) {
		fake(t, `read x; echo '{"Error":{"Code":"missing","Text":"Failed to open libvirt.so.0"}}'; read x`)
		if _, err := Open(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "libvirt is not installed: ") {
			t.Errorf("Open = %v", err)
		}
	})
	t.Run("hangs", func(t *testing.T) {
		fake(t, "exec sleep 1000")
		gone := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, gone)
		defer cancel()
		if _, err := Open(ctx, ""); !errors.Is(err, gone) {
			t.Errorf("Open = %v; want %v", err, gone)
		}
	})
	t.Run("lost", func(t *testing.T) {
		fake(t, `read x; echo '{"URI":"x:///y"}'; read x; echo boom >&2; exit 3`)
		c := open(t, "")
		for range 2 {
			if _, err := c.Domains(t.Context()); err == nil || !strings.Contains(err.Error(), "ended unexpectedly") {
				t.Errorf("Domains = %v", err)
			}
		}
	})
	t.Run("nonsense", func(t *testing.T) {
		fake(t, `read x; echo '{"URI":"x:///y"}'; while read x; do echo '{}'; done`)
		c := open(t, "")
		if _, err := c.Domain(t.Context(), "a"); err == nil {
			t.Error("Domain: an answer without a domain is no error")
		}
		if _, _, _, err := c.Volume(t.Context(), "a", "b"); err == nil {
			t.Error("Volume: an answer without a volume is no error")
		}
	})
}

func TestFileHost(t *testing.T) {
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for uri, want := range map[string]string{
		"qemu:///system": "", "qemu+ssh://root@far/system": "far", "qemu+tls://[fe80::1]:10/system": "fe80::1",
		"qemu+tcp://localhost/system": "", "qemu+ssh://" + own + "/system": "", "test:///default": "",
	} {
		if got := (&Conn{URI: uri}).FileHost(); got != want {
			t.Errorf("files of %s at %q; want %q", uri, got, want)
		}
	}
}
