package facts

import (
	"path"
	"strings"
)

// users lists the accounts that can log in: those with a shell that is one.
func (r *reader) users() {
	for line := range strings.Lines(r.file("etc/passwd")) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 7 || f[0] == "" || strings.HasPrefix(f[0], "#") || len(r.f.Users) >= maxList {
			continue
		}
		shell := f[6]
		if shell == "" {
			shell = "/bin/sh" // as passwd(5) says
		}
		switch path.Base(shell) {
		case "nologin", "false", "true", "sync", "halt", "shutdown":
			continue
		}
		r.f.Users = append(r.f.Users, User{Name: clean(f[0]), UID: clean(f[2]), Home: clean(f[5]), Shell: clean(shell)})
	}
}

// crypttab lists the encrypted devices that are opened at the start.
func (r *reader) crypttab() {
	for line := range strings.Lines(r.file("etc/crypttab")) {
		f := strings.Fields(line)
		if len(f) >= 2 && !strings.HasPrefix(f[0], "#") && len(r.f.Encrypted) < maxList {
			r.f.Encrypted = append(r.f.Encrypted, Encrypted{clean(f[0]), clean(f[1])})
		}
	}
}

// services lists what starts by itself, from whichever programs start services here.
func (r *reader) services() {
	// systemd: links below wants of a target, which an administrator or a preset has made.
	for _, dir := range r.list("etc/systemd/system") {
		if !strings.HasSuffix(dir, ".wants") && !strings.HasSuffix(dir, ".requires") {
			continue
		}
		for _, unit := range r.list(path.Join("etc/systemd/system", dir)) {
			r.f.Services = add(r.f.Services, unit)
		}
	}
	// OpenRC.
	for _, level := range []string{"boot", "default", "sysinit"} {
		for _, name := range r.list(path.Join("etc/runlevels", level)) {
			r.f.Services = add(r.f.Services, name)
		}
	}
	// runit.
	for _, name := range r.list("etc/runit/runsvdir/default") {
		r.f.Services = add(r.f.Services, name)
	}
	if len(r.f.Services) > 0 {
		return
	}
	// SysV: S20name in the directory of the usual runlevels.
	for _, dir := range []string{"etc/rc3.d", "etc/rc.d/rc3.d", "etc/rc2.d"} {
		for _, name := range r.list(dir) {
			if len(name) > 3 && name[0] == 'S' && isDigit(name[1]) && isDigit(name[2]) {
				r.f.Services = add(r.f.Services, name[3:])
			}
		}
		if len(r.f.Services) > 0 {
			return
		}
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
