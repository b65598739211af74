// Package cloneprep makes a copy of a guest distinct from the original: it
// takes away what only the original may be, and gives the copy identifiers of
// its own.
//
//	plan := cloneprep.Settings{Hostname: "web-01"}
//	if plan.Operations, err = cloneprep.Select([]string{"defaults"}); err != nil { ... }
//	report, err := cloneprep.Run(ctx, h, plan)
//	if err == nil { err = h.Shutdown(ctx) } // else throw the disks away
//
// An operation (operation.go, and the list in operations.go) is one subject.
// Those on files run for each operating system, with its filesystems mounted;
// then the identifiers of devices are changed, and what refers to them is
// rewritten (identifiers.go, references.go).
//
// Nothing here undoes anything: the caller has h launched on disks that it can
// throw away, and keeps them when Run succeeds. It does not look for guests,
// nor copy disks.
package cloneprep

import (
	"context"
	"errors"
	"fmt"

	"virt-tools/pkg/guestfs"
)

// Settings say what is done to a guest. The zero value does nothing.
type Settings struct {
	Operations  []string // names, as Select returns them
	Hostname    string   // "": stays
	MachineID   string   // "empty" or "", "fresh", or 32 hexadecimal digits
	RegenSSH    bool     // new SSH host keys in place of those removed
	KeepUsers   []string // of user-account
	RemoveUsers []string
	Steps       []Step // of customize, in order
	Crypto      string // how passwords are hashed; "": as the guest does
	NoRelabel   bool   // leave the labels of SELinux to the guest
	Force       bool   // go on when a reference that the guest boots by stays old

	// Mount options by mount point, "/" to "noatime".
	MountOptions map[string]string
	// Unlock opens encrypted devices; nil where there are no keys.
	Unlock func(context.Context, *guestfs.Handle) error
	// Log is told what is being done; nil for nobody.
	Log func(string)
}

func (s *Settings) has(operation string) bool {
	for _, name := range s.Operations {
		if name == operation {
			return true
		}
	}
	return false
}

// prep is one run.
type prep struct {
	*Settings
	g      *guestfs.Handle
	report *Report
	roots  []*root
	ids    identifiers
}

func (p *prep) log(format string, args ...any) {
	if p.Log != nil {
		p.Log(fmt.Sprintf(format, args...))
	}
}

// ErrNoSystem is the answer to disks without an operating system.
var ErrNoSystem = errors.New("no operating system was found on these disks")

// Run works on the guest of a launched handle and leaves nothing mounted. What it
// did is in the report, also when it fails half-way.
func Run(ctx context.Context, g *guestfs.Handle, s Settings) (*Report, error) {
	p := &prep{Settings: &s, g: g, report: &Report{Changes: []Entry{}, Kept: []Entry{}, Warnings: []string{}}}
	err := p.run(ctx)
	return p.report, err
}

func (p *prep) run(ctx context.Context) error {
	// Volume groups before anything is opened on them. The guest's systems are not
	// found by these identifiers.
	if err := p.volumeIdentifiers(ctx); err != nil {
		return err
	}
	if p.Unlock != nil {
		if err := p.Unlock(ctx, p.g); err != nil {
			return err
		}
		if err := p.volumeIdentifiers(ctx); err != nil { // groups inside what was opened
			return err
		}
	}
	if err := p.findRoots(ctx); err != nil {
		return err
	}
	for _, r := range p.roots {
		if err := p.files(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", r.device, err)
		}
	}
	return p.identifiers(ctx)
}

// files runs the operations on the files of one system.
func (p *prep) files(ctx context.Context, r *root) (err error) {
	if err := r.mount(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.g.UmountAll(ctx)) }()
	for _, op := range operations {
		if op.do == nil || !p.has(op.Name) || op.for_ != nil && !op.for_(r) {
			continue
		}
		p.log("Performing %q ...", op.Name)
		r.operation = op.Name
		if err := op.do(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", op.Name, err)
		}
	}
	return r.relabel(ctx)
}
