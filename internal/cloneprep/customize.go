package cloneprep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Step is one option of customize with its value. They are done in order.
type Step struct{ Name, Value string }

// StepKind is a kind of step. Value says what its value is.
type StepKind struct {
	Name, Value, Help string
	check             func(value string) error
	do                func(ctx context.Context, r *root, value string) error
}

// StepKinds lists them by name.
func StepKinds() []StepKind {
	return slices.SortedFunc(slices.Values(stepKinds), func(a, b StepKind) int { return strings.Compare(a.Name, b.Name) })
}

// Check says whether the step can be done, as far as that is known without the
// guest.
func (s Step) Check() error {
	kind := s.kind()
	if kind == nil {
		return fmt.Errorf("there is no step %q", s.Name)
	}
	if kind.check == nil {
		return nil
	}
	if err := kind.check(s.Value); err != nil {
		return fmt.Errorf("--%s: %w", s.Name, err)
	}
	return nil
}

func (s Step) kind() *StepKind {
	for i := range stepKinds {
		if stepKinds[i].Name == s.Name {
			return &stepKinds[i]
		}
	}
	return nil
}

// secret says that the value must not stand in a report.
func (s Step) secret() bool { return strings.Contains(s.Name, "password") || s.Name == "user" }

var stepKinds = []StepKind{
	{"append-line", "FILE:LINE", "Add a line to the end of a file.", pair, appendLine},
	{"chmod", "MODE:FILE", "Change the mode of a file; the mode is octal.", checkMode, chmod},
	{"chown", "UID:GID:PATH", "Change the owner and group of a file.", checkOwner, chown},
	{"copy", "SOURCE:DEST", "Copy files within the guest.", pair, copyWithin},
	{"copy-in", "LOCAL:DIR", "Copy a file or directory into a directory of the guest.", checkLocal, copyIn},
	{"delete", "PATH", "Remove files or directories; a pattern may be given.", checkPath, deletePath},
	{"firstboot", "SCRIPT", "Run a script when the guest starts for the first time.", checkFile, firstbootScript},
	{"firstboot-command", "COMMAND", "Run a command when the guest starts for the first time.", notEmpty, firstbootCommand},
	{"link", "TARGET:LINK", "Make a symbolic link.", pair, link},
	{"mkdir", "DIR", "Make a directory, and those above it.", checkPath, mkdir},
	{"move", "SOURCE:DEST", "Rename files within the guest.", pair, move},
	{"password", "USER:SELECTOR", "Set the password of a user.", checkUserPassword, userPassword},
	{"root-password", "SELECTOR", "Set the password of root.", checkPassword, rootPassword},
	{"run", "SCRIPT", "Run a script in the guest's files.", checkFile, runScript},
	{"run-command", "COMMAND", "Run a command in the guest's files.", notEmpty, runCommand},
	{"scrub", "FILE", "Overwrite a file and remove it.", checkPath, scrub},
	{"ssh-inject", "USER[:SELECTOR]", "Add a public key to those that may log in.", checkInject, sshInject},
	{"tar-in", "ARCHIVE:DIR", "Unpack a tar archive into a directory.", checkLocal, tarIn},
	{"timezone", "TIMEZONE", "Set the time zone, such as Europe/Berlin.", notEmpty, timezone},
	{"touch", "FILE", "Make an empty file, or set its time.", checkPath, touch},
	{"truncate", "FILE", "Empty a file.", checkPath, truncate},
	{"upload", "LOCAL:DEST", "Copy a file of this computer to one of the guest.", checkLocal, upload},
	{"user", "NAME[:SELECTOR]", "Make an account, with a password where one is given.", checkUser, addUser},
	{"write", "FILE:TEXT", "Write a text into a file.", pair, writeText},
}

// customize sets the hostname and does the steps.
func customize(ctx context.Context, r *root) error {
	if r.Hostname != "" {
		r.operation = "hostname"
		if err := r.setHostname(ctx, r.Hostname); err != nil {
			return fmt.Errorf("hostname: %w", err)
		}
	}
	for _, step := range r.Steps {
		kind := step.kind()
		if kind == nil {
			return fmt.Errorf("there is no step %q", step.Name)
		}
		r.operation = step.Name
		if isWindows(r) && strings.Contains("password root-password ssh-inject user timezone chmod chown run run-command firstboot firstboot-command", step.Name) {
			return fmt.Errorf("--%s: not for Windows", step.Name)
		}
		if err := kind.do(ctx, r, step.Value); err != nil {
			return fmt.Errorf("--%s: %w", step.Name, err)
		}
		entry := Entry{Operation: step.Name, Action: "changed", Root: r.device, New: cut(step.Value)}
		if step.secret() {
			entry.New, _, _ = strings.Cut(step.Value, ":")
			if step.Name == "root-password" {
				entry.New = ""
			}
		}
		r.add(entry)
		r.created = true
	}
	return nil
}

var errPair = errors.New("the value has no colon")

func pair(value string) error {
	a, _, ok := strings.Cut(value, ":")
	if !ok || a == "" {
		return errPair
	}
	return nil
}

func notEmpty(value string) error {
	if value == "" {
		return errors.New("the value is empty")
	}
	return nil
}

func checkPath(value string) error {
	if !strings.HasPrefix(value, "/") {
		return fmt.Errorf("%q is not a path from the root of the guest", value)
	}
	return nil
}
