package cloneprep

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// userAccounts removes the accounts of people with their homes and mail: those
// with a number between UID_MIN and UID_MAX, or those that were named.
func userAccounts(ctx context.Context, r *root) error {
	defs, _, err := r.read(ctx, "/etc/login.defs")
	if err != nil {
		return err
	}
	passwd, _, err := r.read(ctx, "/etc/passwd")
	if err != nil {
		return err
	}
	low, high := loginDef(string(defs), "UID_MIN", 1000), loginDef(string(defs), "UID_MAX", 60000)
	gone := map[string]bool{}
	for _, a := range parsePasswd(string(passwd)) {
		isPerson := a.uid >= low && a.uid <= high
		if len(r.RemoveUsers) > 0 {
			isPerson = slices.Contains(r.RemoveUsers, a.name)
		}
		if !isPerson || a.uid == 0 || slices.Contains(r.KeepUsers, a.name) {
			continue
		}
		gone[a.name] = true
		if err := r.removeTrees(ctx, "/var/mail/"+quoteGlob(a.name), "/var/spool/mail/"+quoteGlob(a.name)); err != nil {
			return err
		}
		if isHome(a.home) {
			if err := r.removeTrees(ctx, a.home); err != nil {
				return err
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	for _, file := range []string{"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid"} {
		// Not through edit: the report must not hold what stood in them.
		old, ok, err := r.read(ctx, file)
		if err != nil {
			return err
		}
		now := withoutAccounts(string(old), gone, strings.HasSuffix(file, "group") || strings.HasSuffix(file, "gshadow"))
		if !ok || now == string(old) {
			continue
		}
		if err := r.replace(ctx, file, []byte(now)); err != nil {
			return err
		}
		r.record("changed", file, "", "")
	}
	return nil
}

// withoutAccounts removes the lines of accounts; in lists of groups also their
// membership.
func withoutAccounts(text string, gone map[string]bool, isGroups bool) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if gone[f[0]] {
			continue
		}
		if isGroups && len(f) == 4 {
			for _, i := range []int{2, 3} {
				members := strings.Split(f[i], ",")
				f[i] = strings.Join(slices.DeleteFunc(members, func(m string) bool { return gone[m] }), ",")
			}
			line = strings.Join(f, ":") + line[len(strings.TrimRight(line, "\n")):]
		}
		b.WriteString(line)
	}
	return b.String()
}

// loginDef is a number of /etc/login.defs.
func loginDef(text, name string, otherwise int) int {
	m := regexp.MustCompile(`(?m)^\s*` + name + `\s+(\d{1,9})\s*$`).FindStringSubmatch(text)
	if m == nil {
		return otherwise
	}
	n, _ := strconv.Atoi(m[1]) // nine digits fit
	return n
}

// quoteGlob makes a pattern that is the name alone.
func quoteGlob(name string) string {
	return regexp.MustCompile(`[*?\[\]\\{}~/]`).ReplaceAllStringFunc(name, func(c string) string {
		if c == "/" {
			return "?" // no account is called so, and it must not reach another directory
		}
		return `\` + c
	})
}
