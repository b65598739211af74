package cloneprep

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
)

// homeDirs lists root's home directory, those in /home, and those elsewhere that
// /etc/passwd tells of people.
func (r *root) homeDirs(ctx context.Context) ([]string, error) {
	if r.homes != nil {
		return r.homes, nil
	}
	r.homes = []string{"/root"}
	inHome, err := r.glob(ctx, "/home/*")
	if err != nil {
		return nil, err
	}
	for _, dir := range inHome {
		if dir, ok := strings.CutSuffix(dir, "/"); ok && !strings.ContainsAny(dir, `*?[\~`) {
			r.homes = append(r.homes, dir)
		}
	}
	passwd, _, err := r.read(ctx, "/etc/passwd")
	if err != nil {
		return nil, err
	}
	for _, a := range parsePasswd(string(passwd)) {
		if a.uid >= firstUser && a.uid < overflowUser && isHome(a.home) && !slices.Contains(r.homes, a.home) {
			r.homes = append(r.homes, a.home)
		}
	}
	return r.homes, nil
}

const (
	firstUser    = 1000
	overflowUser = 65533 // nobody, and who comes after
)

// isHome says whether something may be removed in a directory, since an account
// says it is its home: no part of the system is.
func isHome(dir string) bool {
	if !path.IsAbs(dir) || path.Clean(dir) != dir || strings.ContainsAny(dir, `*?[\~{`) {
		return false
	}
	for _, top := range []string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr", "/var/tmp"} {
		if dir == top || strings.HasPrefix(dir, top+"/") {
			return false
		}
	}
	return dir != "/" && dir != "/var" && dir != "/home" && dir != "/srv" && dir != "/opt"
}

// account is a line of /etc/passwd.
type account struct {
	name     string
	uid, gid int
	home     string
}

// parsePasswd leaves out lines that are no accounts.
func parsePasswd(text string) []account {
	var all []account
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(f) < 6 || f[0] == "" {
			continue
		}
		uid, err := strconv.Atoi(f[2])
		gid, err2 := strconv.Atoi(f[3])
		if err == nil && err2 == nil {
			all = append(all, account{f[0], uid, gid, f[5]})
		}
	}
	return all
}
