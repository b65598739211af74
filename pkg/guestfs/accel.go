package guestfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"virt-tools/appliance"
	"virt-tools/internal/qemu"
)

// A host can offer KVM and yet not run a guest with it: nested virtualisation
// that lacks a register, or that hangs. Only booting shows it. So a boot with
// KVM that was not asked for falls back to emulation when it fails, and the
// verdict is kept beside the appliances until the host boots again or its QEMU
// changes.

const (
	kvmBootTimeout  = 30 * time.Second // a boot with KVM takes one or two
	kvmVerdictName  = "kvm-does-not-work"
	kvmVerdictBytes = 4096
)

// kvmVerdict is the file that says that KVM does not work.
type kvmVerdict struct {
	Host   string // boot of the host's kernel
	QEMU   string // binary, size, time
	Reason string
}

func (g *Handle) hostIdentity() kvmVerdict {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	v := kvmVerdict{Host: strings.TrimSpace(string(boot))}
	path := g.opts.Hypervisor
	if path == "" {
		path, _ = qemu.Binary()
	}
	if st, err := os.Stat(path); err == nil {
		v.QEMU = fmt.Sprintf("%s %d %d", path, st.Size(), st.ModTime().UnixNano())
	}
	return v
}

func verdictFile(a *appliance.Appliance) string {
	if a.Key == "" {
		return "" // a self-contained appliance has no cache folder around it
	}
	return filepath.Join(filepath.Dir(a.Dir), kvmVerdictName)
}

// chooseAccel returns the accelerator to try first and why.
func (g *Handle) chooseAccel(a *appliance.Appliance) (accel, why string) {
	accel, why = qemu.Accelerator(g.opts.Accel)
	if accel != "kvm" || g.opts.Accel == "kvm" {
		return accel, why
	}
	if file := verdictFile(a); file != "" {
		var v kvmVerdict
		text, err := os.ReadFile(file)
		if err == nil && len(text) <= kvmVerdictBytes && json.Unmarshal(text, &v) == nil {
			here := g.hostIdentity()
			if v.Host == here.Host && v.QEMU == here.QEMU {
				return "tcg", "kvm did not work here before: " + v.Reason
			}
		}
	}
	return accel, why
}

// noteBrokenKVM keeps the verdict. A cache that cannot be written to only costs
// the next launch another try.
func (g *Handle) noteBrokenKVM(a *appliance.Appliance, reason error) {
	file := verdictFile(a)
	if file == "" {
		return
	}
	v := g.hostIdentity()
	v.Reason = reason.Error()
	if len(v.Reason) > kvmVerdictBytes/4 {
		v.Reason = v.Reason[:kvmVerdictBytes/4]
	}
	text, err := json.Marshal(v)
	if err == nil {
		temp := fmt.Sprintf("%s.%d", file, os.Getpid())
		if err = os.WriteFile(temp, text, 0o600); err == nil {
			err = os.Rename(temp, file)
		}
	}
	if err != nil {
		g.debugf("cannot note that kvm does not work: %v", err)
	}
}

// bootAny boots with the accelerator that works.
func (g *Handle) bootAny(ctx context.Context, a *appliance.Appliance) error {
	accel, why := g.chooseAccel(a)
	if accel != "kvm" || g.opts.Accel == "kvm" {
		return g.begin(ctx, a, accel, why)
	}
	quick, cancel := context.WithTimeoutCause(ctx, kvmBootTimeout, fmt.Errorf("no boot within %s", kvmBootTimeout))
	defer cancel()
	err := g.begin(quick, a, accel, why)
	var plug *plugError
	if err == nil || errors.As(err, &plug) || ctx.Err() != nil {
		return err
	}
	if quick.Err() != nil {
		err = context.Cause(quick)
	}
	g.debugf("kvm does not work here, going on with emulation: %v", err)
	if err := g.again(); err != nil {
		return err
	}
	if err2 := g.begin(ctx, a, "tcg", "kvm does not work here: "+err.Error()); err2 != nil {
		return err2
	}
	g.noteBrokenKVM(a, err)
	return nil
}

// plugError is a drive that cannot be plugged in, with whatever accelerator.
type plugError struct{ err error }

func (e *plugError) Error() string { return e.err.Error() }
func (e *plugError) Unwrap() error { return e.err }
