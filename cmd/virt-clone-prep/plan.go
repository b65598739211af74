package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"virt-tools/internal/cli"
	"virt-tools/internal/cloneprep"
)

type step = cloneprep.Step

// Steps takes the values of the options of customize, in order.
func (o *options) Steps() map[string]func(string) error {
	takers := map[string]func(string) error{}
	for _, kind := range cloneprep.StepKinds() {
		takers[kind.Name] = func(value string) error {
			o.steps = append(o.steps, step{Name: kind.Name, Value: value})
			return nil
		}
	}
	return takers
}

// Check reports options that do not go together.
func (o *options) Check() error {
	if o.ListOperations {
		return nil
	}
	if o.Report != "" && o.PrintRecipe {
		return errors.New("--report and --print-recipe both write to standard output: give one of them")
	}
	if _, err := o.recipe(); err != nil {
		return err
	}
	if o.PrintRecipe {
		return nil
	}
	if err := o.Guest.Check(); err != nil {
		return err
	}
	if len(o.Drives()) == 0 {
		return cli.Hint(errors.New("no guest is given"), "name its disk image with -a, or a domain of libvirt with -d")
	}
	if err := o.Keys.Check(); err != nil {
		return err
	}
	if _, err := parseMountOptions(o.MountOptions); err != nil {
		return err
	}
	return o.checkCopies()
}

func (o *options) checkCopies() error {
	switch {
	case o.Overlay && len(o.CopyTo) == 0:
		return errors.New("--overlay is for --copy-to")
	case o.Count > 0 && len(o.CopyTo) == 0:
		return cli.Hint(errors.New("--count makes clones of one image"), "say where with --copy-to, such as --copy-to '%%s.qcow2'")
	case o.Count > 0 && o.Pattern == "":
		return cli.Hint(errors.New("--count needs names for the clones"), "give --name 'web-%%02d'")
	case o.Pattern != "" && o.Hostname != "":
		return errors.New("--name gives each clone its hostname: it does not go with --hostname")
	case o.Count > 10000:
		return errors.New("--count: at most 10000")
	}
	return nil
}

// checkTargets reports what is wrong with the files that are to be made, once the
// disks of the guest are known.
func (o *options) checkTargets() error {
	if len(o.CopyTo) > 0 && len(o.CopyTo) != len(o.Drives()) {
		return fmt.Errorf("the guest has %d disks and --copy-to is given %d times: each disk needs one, in order", len(o.Drives()), len(o.CopyTo))
	}
	seen := map[string]bool{}
	for n := range max(o.Count, 1) {
		name := o.cloneName(n)
		if name != "" {
			if err := cloneprep.CheckHostname(name); err != nil {
				return fmt.Errorf("--name: %w", err)
			}
		}
		for i := range o.CopyTo {
			target := o.target(i, name)
			if seen[target] {
				return cli.Hint(fmt.Errorf("two clones would be %s", target), "the pattern of --name must have a number, such as web-%%02d")
			}
			seen[target] = true
			if _, err := os.Lstat(target); err == nil {
				return cli.Hint(fmt.Errorf("%s exists", target), "remove it first: nothing is overwritten")
			}
			if _, err := os.Stat(filepath.Dir(target)); err != nil {
				return err
			}
		}
	}
	return nil
}

var nameNumber = regexp.MustCompile(`%0?\d*d`)

// cloneName is the name of the clone at a place, "" when none was asked for.
func (o *options) cloneName(n uint) string {
	if o.Pattern == "" {
		return ""
	}
	done := false
	return nameNumber.ReplaceAllStringFunc(o.Pattern, func(verb string) string {
		if done {
			return verb
		}
		done = true
		return fmt.Sprintf(verb, o.Start+n)
	})
}

// target is where a disk of a clone goes: %s stands for the clone's name, and so
// does a directory; otherwise, with --count, the name comes before the extension.
func (o *options) target(disk int, name string) string {
	to := o.CopyTo[disk]
	if strings.Contains(to, "%s") {
		return strings.ReplaceAll(to, "%s", name)
	}
	if info, err := os.Stat(to); strings.HasSuffix(to, "/") || err == nil && info.IsDir() {
		base := name
		if base == "" {
			base = strings.TrimSuffix(filepath.Base(o.Drives()[disk].File), filepath.Ext(o.Drives()[disk].File))
		}
		if disk > 0 {
			base += fmt.Sprintf("-%d", disk+1)
		}
		return filepath.Join(to, base+".qcow2")
	}
	if o.Count == 0 {
		return to
	}
	ext := filepath.Ext(to)
	return strings.TrimSuffix(to, ext) + "-" + name + ext
}

// recipe joins the recipe's file and the command line: lists and steps of the
// command line come after the file's, and single values in their place.
func (o *options) recipe() (*cloneprep.Recipe, error) {
	r := &cloneprep.Recipe{}
	if o.Recipe != "" {
		f, err := os.Open(o.Recipe)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if r, err = cloneprep.ReadRecipe(f, o.Recipe); err != nil {
			return nil, cli.Hint(err, "docs/clone-recipe.md describes recipes")
		}
	}
	if o.Enable != "" {
		if len(o.Operations) > 0 {
			return nil, errors.New("--enable and --operations both choose the operations: give one of them")
		}
		r.Operations = split(o.Enable)
		if i := slices.IndexFunc(r.Operations, func(s string) bool { return strings.HasPrefix(s, "-") || s == "all" || s == "defaults" }); i >= 0 {
			return nil, cli.Hint(fmt.Errorf("--enable takes names of operations only, not %q", r.Operations[i]), "--operations takes others too")
		}
	}
	for _, list := range o.Operations {
		r.Operations = append(r.Operations, split(list)...)
	}
	if o.Hostname != "" {
		r.Hostname = o.Hostname
	}
	if o.MachineID != "" {
		r.MachineID = o.MachineID
	}
	if o.Crypto != "" {
		r.PasswordCrypto = o.Crypto
	}
	r.RegenerateSSHKeys = r.RegenerateSSHKeys || o.RegenerateSSH
	r.NoSELinuxRelabel = r.NoSELinuxRelabel || o.NoSelinuxLabels
	r.Force = r.Force || o.Force
	r.KeepUserAccounts = append(r.KeepUserAccounts, o.KeepAccounts...)
	r.RemoveUserAccounts = append(r.RemoveUserAccounts, o.RemoveAccounts...)
	r.Steps = append(r.Steps, o.steps...)
	return r, o.checkRecipe(r)
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' })
}

// checkRecipe reports what is wrong with values of the command line, and options
// of operations that are not done.
func (o *options) checkRecipe(r *cloneprep.Recipe) error {
	s, err := settings(r)
	if err != nil {
		return cli.Hint(err, "%s --list-operations lists them", program.Name)
	}
	has := func(operation string) bool { return slices.Contains(s.Operations, operation) }
	var errs error
	switch {
	case r.Hostname != "" && cloneprep.CheckHostname(r.Hostname) != nil:
		errs = cloneprep.CheckHostname(r.Hostname)
	case cloneprep.CheckMachineID(r.MachineID) != nil:
		errs = cloneprep.CheckMachineID(r.MachineID)
	case r.PasswordCrypto != "" && !slices.Contains(cloneprep.Cryptos, r.PasswordCrypto):
		errs = fmt.Errorf("--password-crypto: %q is none of %s", r.PasswordCrypto, strings.Join(cloneprep.Cryptos, ", "))
	case r.MachineID != "" && !has("machine-id"):
		errs = errors.New("--machine-id is for the operation machine-id, which is not done")
	case r.RegenerateSSHKeys && !has("ssh-hostkeys"):
		errs = errors.New("--regenerate-ssh-keys is for the operation ssh-hostkeys, which is not done")
	case len(r.KeepUserAccounts)+len(r.RemoveUserAccounts) > 0 && !has("user-account"):
		errs = errors.New("--keep-user-accounts and --remove-user-accounts are for the operation user-account, which is not done")
	case (len(r.Steps) > 0 || r.Hostname != "" || o.Pattern != "") && !has("customize"):
		errs = errors.New("the options that customize are for the operation customize, which is not done")
	}
	if errs != nil {
		return errs
	}
	for _, step := range r.Steps {
		if err := step.Check(); err != nil {
			return err
		}
	}
	return nil
}

// settings are what a recipe says. Without a choice the defaults are done.
func settings(r *cloneprep.Recipe) (cloneprep.Settings, error) {
	chosen := r.Operations
	if len(chosen) == 0 {
		chosen = []string{"defaults"}
	}
	operations, err := cloneprep.Select(chosen)
	return cloneprep.Settings{
		Operations: operations, Hostname: r.Hostname, MachineID: r.MachineID, RegenSSH: r.RegenerateSSHKeys,
		KeepUsers: r.KeepUserAccounts, RemoveUsers: r.RemoveUserAccounts, Steps: r.Steps, Crypto: r.PasswordCrypto,
		NoRelabel: r.NoSELinuxRelabel, Force: r.Force,
	}, err
}

// parseMountOptions reads "/:noatime;/home:ro".
func parseMountOptions(text string) (map[string]string, error) {
	all := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		if part == "" {
			continue
		}
		dir, opts, ok := strings.Cut(part, ":")
		if !ok || !strings.HasPrefix(dir, "/") {
			return nil, fmt.Errorf("--mount-options: %q is not DIR:OPTIONS", part)
		}
		all[dir] = opts
	}
	return all, nil
}
