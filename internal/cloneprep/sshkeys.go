package cloneprep

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"path"
	"strings"

	"golang.org/x/crypto/ssh"

	"virt-tools/pkg/guestfs"
)

// keyKinds make the keys that sshd looks for by itself.
var keyKinds = []struct {
	name string
	make func() (crypto.Signer, error)
}{
	{"rsa", func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 3072) }},
	{"ecdsa", func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }},
	{"ed25519", func() (crypto.Signer, error) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}},
}

// sshHostKeys removes the keys; when that is asked for it makes new ones, of the
// kinds that there were, or of all when there were none.
func sshHostKeys(ctx context.Context, r *root) error {
	modes := map[string]*guestfs.StatNS{}
	old, err := r.glob(ctx, "/etc/ssh/*_host_*")
	if err != nil {
		return err
	}
	for _, file := range old {
		if modes[file], err = r.g.Lstatns(ctx, guestfs.Path(strings.TrimSuffix(file, "/"))); err != nil {
			return err
		}
	}
	if err := r.removeFiles(ctx, "/etc/ssh/*_host_*"); err != nil {
		return err
	}
	if !r.RegenSSH {
		return r.warnWithoutKeys(ctx, len(old) > 0)
	}
	is, err := r.g.IsDir(ctx, "/etc/ssh", nil)
	if err != nil || !is {
		return err
	}
	for _, kind := range keyKinds {
		file := "/etc/ssh/ssh_host_" + kind.name + "_key"
		if _, ok := modes[file]; len(old) > 0 && !ok {
			continue
		}
		key, err := kind.make()
		if err != nil {
			return err
		}
		private, public, fingerprint, err := marshalKey(key, "root@"+r.newHostname())
		if err != nil {
			return err
		}
		for name, text := range map[string][]byte{file: private, file + ".pub": public} {
			if err := r.writeKey(ctx, name, text, modes[name]); err != nil {
				return err
			}
		}
		r.add(Entry{Operation: r.operation, Action: "created", Root: r.device, Path: file, New: fingerprint})
	}
	return nil
}

// writeKey makes a file with the mode and owner that its predecessor had.
func (r *root) writeKey(ctx context.Context, file string, text []byte, was *guestfs.StatNS) error {
	mode, owner, group := 0o600, 0, 0
	if path.Ext(file) == ".pub" {
		mode = 0o644
	}
	if was != nil && was.StMode&modeType == modeRegular {
		mode, owner, group = int(was.StMode&0o777), int(was.StUid), int(was.StGid)
	}
	r.created = true
	// Written while nobody else could read it: a filesystem keeps what was once
	// readable only in a running guest, but umask of the appliance is not ours.
	if err := r.g.Touch(ctx, guestfs.Path(file)); err != nil {
		return err
	}
	if err := r.g.Chmod(ctx, mode, guestfs.Path(file)); err != nil {
		return err
	}
	if err := r.g.Chown(ctx, owner, group, guestfs.Path(file)); err != nil {
		return err
	}
	return r.g.Write(ctx, guestfs.Path(file), text)
}

func (r *root) newHostname() string {
	if r.Hostname != "" {
		return r.Hostname
	}
	if r.hostname != "" {
		return r.hostname
	}
	return "localhost"
}

// marshalKey returns a key pair as OpenSSH's files hold it.
func marshalKey(key crypto.Signer, comment string) (private, public []byte, fingerprint string, err error) {
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return nil, nil, "", err
	}
	pub, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return nil, nil, "", err
	}
	line := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(pub)), "\n") + " " + comment + "\n"
	return pem.EncodeToMemory(block), []byte(line), ssh.FingerprintSHA256(pub), nil
}

// warnWithoutKeys tells of a guest that will not make keys by itself: its sshd
// then refuses to start.
func (r *root) warnWithoutKeys(ctx context.Context, had bool) error {
	if !had || !isDebian(r) {
		return nil
	}
	for _, maker := range []string{"/usr/bin/cloud-init", "/usr/sbin/sshd-keygen", "/lib/systemd/system/sshd-keygen.service", "/usr/lib/systemd/system/sshd-keygen.service"} {
		is, err := r.g.Exists(ctx, guestfs.Path(maker))
		if err != nil || is {
			return err
		}
	}
	r.prep.warn("the SSH host keys are removed, and this guest does not make new ones by itself: use --regenerate-ssh-keys")
	return nil
}
