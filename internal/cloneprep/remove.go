package cloneprep

import (
	"context"
	"io"
	"path"
	"slices"
	"strings"

	"virt-tools/pkg/guestfs"
)

func isRHEL(r *root) bool { return r.distro == "rhel" }
func isRPM(r *root) bool  { return r.packages == "rpm" }
func isYum(r *root) bool  { return r.manager == "yum" }

// backupFiles removes *~ and *.bak where people edit files: on other systems
// than Unix anywhere.
func backupFiles(ctx context.Context, r *root) error {
	tops := []string{"/etc", "/root", "/srv", "/tmp", "/var"}
	if isWindows(r) {
		tops = []string{"/"}
	}
	for _, top := range tops {
		err := r.removeBelow(ctx, top, func(name string) bool { return strings.HasSuffix(name, "~") || strings.HasSuffix(name, ".bak") })
		if err != nil {
			return err
		}
	}
	return nil
}

// removeBelow removes the files below a directory, if there is one, that are wanted. Names
// are relative to it.
func (r *root) removeBelow(ctx context.Context, dir string, wanted func(name string) bool) error {
	is, err := r.g.IsDir(ctx, guestfs.Path(dir), nil)
	if err != nil || !is {
		return err
	}
	var names strings.Builder
	if err := r.g.Find0(ctx, guestfs.Path(dir), limited{&names}); err != nil {
		return err
	}
	for name := range strings.SplitSeq(names.String(), "\x00") {
		if name == "" || !wanted(name) {
			continue
		}
		file := path.Join(dir, name)
		is, err := r.g.IsFile(ctx, guestfs.Path(file), nil)
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		if err := r.g.RmF(ctx, guestfs.Path(file)); err != nil {
			return err
		}
		r.record("removed", file, "", "")
	}
	return nil
}

// limited is a builder that a guest cannot fill without end.
type limited struct{ *strings.Builder }

const maxNames = 256 << 20

func (l limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxNames {
		return 0, io.ErrShortBuffer
	}
	return l.Builder.Write(p)
}

// blkidTab leaves links: they lead to where nothing stays.
func blkidTab(ctx context.Context, r *root) error {
	for _, file := range []string{
		"/var/run/blkid.tab", "/var/run/blkid.tab.old", "/etc/blkid.tab", "/etc/blkid.tab.old",
		"/etc/blkid/blkid.tab", "/etc/blkid/blkid.tab.old", "/dev/.blkid.tab", "/dev/.blkid.tab.old",
	} {
		link, err := r.g.IsSymlink(ctx, guestfs.Path(file))
		if err != nil {
			return err
		}
		if link {
			continue
		}
		if err := r.removeFiles(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

func caCertificates(ctx context.Context, r *root) error {
	files, err := r.matching(ctx, "/etc/pki/CA/certs/*.crt", "/etc/pki/CA/crl/*.crt", "/etc/pki/CA/newcerts/*.crt",
		"/etc/pki/CA/private/*.key", "/etc/pki/tls/private/*.key", "/etc/pki/tls/certs/*.crt")
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(f string) bool {
		return f == "/etc/pki/tls/certs/ca-bundle.crt" || f == "/etc/pki/tls/certs/ca-bundle.trust.crt"
	})
	if err := r.removeFiles(ctx, files...); err != nil || len(files) == 0 {
		return err
	}
	return r.rebuildTrust(ctx)
}

func (r *root) matching(ctx context.Context, patterns ...string) ([]string, error) {
	var all []string
	for _, pattern := range patterns {
		found, err := r.glob(ctx, pattern)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// rebuildTrust has the guest make its list of trusted certificates anew when it
// starts next.
func (r *root) rebuildTrust(ctx context.Context) error {
	for _, program := range []string{"/usr/bin/update-ca-trust", "/usr/sbin/update-ca-certificates"} {
		is, err := r.g.IsFile(ctx, guestfs.Path(program), &guestfs.IsFileOpts{Followsymlinks: true})
		if err != nil {
			return err
		}
		if is {
			return r.firstboot(ctx, "rebuild-trust", []byte("#!/bin/sh\nexec "+program+"\n"))
		}
	}
	return nil
}

// cronSpool removes jobs, and lets at count from the start again: its counter keeps
// the owner that at wants.
func cronSpool(ctx context.Context, r *root) error {
	for _, dir := range []string{"/var/spool/cron", "/var/spool/atjobs", "/var/spool/atspool", "/var/spool/at"} {
		if err := r.removeFiles(ctx, dir+"/*", dir+"/*/*"); err != nil {
			return err
		}
		counters, err := r.matching(ctx, dir+"/.SEQ", dir+"/*/.SEQ")
		if err != nil {
			return err
		}
		for _, file := range counters {
			if err := r.g.Write(ctx, guestfs.Path(file), []byte("00000")); err != nil {
				return err
			}
			r.record("changed", file, "", "00000")
		}
	}
	return nil
}

func flagReconfiguration(ctx context.Context, r *root) error {
	if err := r.g.Touch(ctx, "/.unconfigured"); err != nil {
		return err
	}
	r.record("created", "/.unconfigured", "", "")
	return nil
}

func ipaClient(ctx context.Context, r *root) error {
	anchors, err := r.matching(ctx, "/etc/pki/ca-trust/source/ipa.p11-kit", "/usr/local/share/ca-certificates/ipa-ca/*", "/usr/local/share/ca-certificates/ipa-ca.crt")
	if err != nil {
		return err
	}
	err = r.removeFiles(ctx, append(anchors, "/etc/ipa/ca.crt", "/etc/ipa/default.conf", "/var/lib/ipa-client/sysrestore/*", "/var/lib/ipa-client/pki/*")...)
	if err != nil || len(anchors) == 0 {
		return err
	}
	return r.rebuildTrust(ctx)
}

func kerberosData(ctx context.Context, r *root) error {
	files, err := r.glob(ctx, "/var/kerberos/krb5kdc/*")
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(f string) bool { return path.Base(f) == "kadm5.acl" || path.Base(f) == "kdc.conf" })
	return r.removeFiles(ctx, files...)
}

func pacctLog(ctx context.Context, r *root) error {
	log := "/var/account/pacct"
	switch {
	case isRedHat(r):
	case r.distro == "debian" || r.distro == "ubuntu":
		log = "/var/log/account/pacct"
	default:
		return nil
	}
	files, err := r.glob(ctx, log+"*")
	if err != nil || len(files) == 0 {
		return err
	}
	if err := r.removeFiles(ctx, files...); err != nil {
		return err
	}
	return r.g.Touch(ctx, guestfs.Path(log))
}

// packageCache keeps the directories, which package managers want.
func packageCache(ctx context.Context, r *root) error {
	for _, dir := range []string{"/var/cache/apt/archives", "/var/cache/dnf", "/var/cache/libdnf5", "/var/cache/yum", "/var/cache/zypp"} {
		if err := r.removeBelow(ctx, dir, func(name string) bool { return name != "lock" }); err != nil {
			return err
		}
	}
	return nil
}
