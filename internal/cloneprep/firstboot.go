package cloneprep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"virt-tools/pkg/guestfs"
)

// Scripts for the first start lie in firstbootDir, and run once in the order in
// which they were given. A unit of systemd starts them.
const (
	firstbootDir  = "/usr/lib/virt-sysprep"
	firstbootUnit = "guestfs-firstboot.service"
)

const firstbootRunner = `#!/bin/sh
# Runs each script in scripts once. It is moved away first, so that one that
# does not end is not run again.
cd /usr/lib/virt-sysprep || exit 1
mkdir -p scripts-done
exec >>/root/virt-sysprep-firstboot.log 2>&1
for script in scripts/*; do
	[ -f "$script" ] || continue
	name=${script#scripts/}
	mv "$script" "scripts-done/$name"
	echo "=== running $name at $(date)"
	"./scripts-done/$name"
	echo "=== $name ended with $?"
done
`

const firstbootService = `[Unit]
Description=Scripts for the first start of a clone
After=network.target
Before=getty.target

[Service]
Type=oneshot
ExecStart=/usr/lib/virt-sysprep/firstboot.sh
RemainAfterExit=yes
TimeoutSec=0

[Install]
WantedBy=multi-user.target
`

func firstbootScript(ctx context.Context, r *root, value string) error {
	script, err := os.ReadFile(value)
	if err != nil {
		return err
	}
	return r.firstboot(ctx, value, script)
}

func firstbootCommand(ctx context.Context, r *root, value string) error {
	return r.firstboot(ctx, value, []byte("#!/bin/sh\n"+value+"\n"))
}

// firstboot puts a script there for the first start.
func (r *root) firstboot(ctx context.Context, name string, script []byte) error {
	if !isLinux(r) {
		return errors.New("scripts for the first start are for Linux")
	}
	is, err := r.g.Exists(ctx, "/lib/systemd/systemd")
	if err == nil && !is {
		is, err = r.g.Exists(ctx, "/usr/lib/systemd/systemd")
	}
	if err != nil {
		return err
	}
	if !is {
		return errors.New("the guest has no systemd, which would run it")
	}
	const wants = "/etc/systemd/system/multi-user.target.wants"
	scripts := firstbootDir + "/scripts"
	if err := errors.Join(r.g.MkdirP(ctx, guestfs.Path(scripts)), r.g.MkdirP(ctx, wants)); err != nil {
		return err
	}
	there, err := r.g.Ls(ctx, guestfs.Path(scripts))
	if err != nil {
		return err
	}
	file := fmt.Sprintf("%s/%04d-%s", scripts, len(there)+1, plainName(name))
	r.record("created", file, "", "")
	return errors.Join(
		r.write(ctx, firstbootDir+"/firstboot.sh", []byte(firstbootRunner), 0o755),
		r.write(ctx, file, script, 0o755),
		r.write(ctx, "/etc/systemd/system/"+firstbootUnit, []byte(firstbootService), 0o644),
		r.g.LnSf(ctx, "/etc/systemd/system/"+firstbootUnit, wants+"/"+firstbootUnit),
	)
}

// plainName is a name for a file, made of what a script is called.
func plainName(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	plain := strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' {
			return c
		}
		return '-'
	}, name)
	return plain[:min(len(plain), 60)]
}

// runScript runs a script of this computer with the guest's files as its root, in
// the appliance.
func runScript(ctx context.Context, r *root, value string) error {
	script, err := os.ReadFile(value)
	if err != nil {
		return err
	}
	const file = "/tmp/virt-clone-prep-script"
	if err := r.write(ctx, file, script, 0o700); err != nil {
		return err
	}
	err = r.runnable()
	if err == nil {
		_, err = r.g.Command(ctx, []string{file})
	}
	return errors.Join(err, r.g.RmF(ctx, file))
}

func runCommand(ctx context.Context, r *root, value string) error {
	if err := r.runnable(); err != nil {
		return err
	}
	_, err := r.g.Sh(ctx, value)
	return err
}

// runnable says whether the appliance can run the guest's programs.
func (r *root) runnable() error {
	if !isLinux(r) {
		return errors.New("programs of a guest that is not Linux cannot be run")
	}
	if r.arch != "x86_64" && r.arch != "i386" {
		return fmt.Errorf("the guest's programs are for %s, and this computer is not: use --firstboot", r.arch)
	}
	return nil
}

// relabel has the files labelled that were made, where the guest uses SELinux.
// Where that fails the guest does it when it starts.
func (r *root) relabel(ctx context.Context) error {
	if !r.created || r.NoRelabel || !isLinux(r) {
		return nil
	}
	config, ok, err := r.read(ctx, "/etc/selinux/config")
	if err != nil || !ok {
		return err
	}
	policy := ""
	for line := range strings.Lines(string(config)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch value = strings.TrimSpace(value); strings.TrimSpace(name) {
		case "SELINUX":
			if value == "disabled" {
				return nil
			}
		case "SELINUXTYPE":
			policy = value
		}
	}
	if policy == "" || strings.ContainsAny(policy, "/.") {
		return nil
	}
	r.operation = "selinux-relabel"
	p := "/etc/selinux/" + policy + "/contexts/files/file_contexts"
	err = r.g.Setfiles(ctx, p, []guestfs.Path{"/"}, &guestfs.SetfilesOpts{Force: true})
	if err == nil {
		r.add(Entry{Operation: r.operation, Action: "changed", Root: r.device, Path: "/", New: policy})
		return nil
	}
	r.prep.warn(fmt.Sprintf("SELinux: files could not be labelled (%v); the guest does it when it starts", err))
	r.record("created", "/.autorelabel", "", "")
	return r.g.Touch(ctx, "/.autorelabel")
}
