package netdisk

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// rules say what a protocol needs and takes.
var rules = map[string]struct {
	servers  string // "one": exactly one; "any"
	socket   bool   // the server may be a socket
	user     bool
	password bool
	name     func(string) error
}{
	NBD:   {servers: "one", socket: true, name: func(string) error { return nil }},
	HTTP:  {servers: "one", user: true, password: true, name: absolute},
	HTTPS: {servers: "one", user: true, password: true, name: absolute},
	FTP:   {servers: "one", user: true, password: true, name: absolute},
	FTPS:  {servers: "one", user: true, password: true, name: absolute},
	SSH:   {servers: "one", user: true, name: absolute},
	ISCSI: {servers: "one", user: true, password: true, name: target},
	RBD:   {servers: "any", user: true, password: true, name: poolImage},
}

// check reports what cannot work before anything is started.
func (d *Disk) check() error {
	if why := gone[d.Protocol]; why != "" {
		return refuse(why, "%s: disks over %s are not supported", d, d.Protocol)
	}
	rule, known := rules[d.Protocol]
	switch {
	case !known:
		return refuse("protocols are nbd, http, https, ftp, ftps, ssh, iscsi, rbd and file", "%s: unknown protocol %q", d, d.Protocol)
	case rule.servers == "one" && len(d.Servers) == 0:
		return fmt.Errorf("%s: the server is missing", d)
	case rule.servers == "one" && len(d.Servers) > 1:
		return fmt.Errorf("%s: %s takes one server, not %d", d, d.Protocol, len(d.Servers))
	case d.User != "" && !rule.user:
		return fmt.Errorf("%s: %s takes no user name", d, d.Protocol)
	case d.Secret != "" && d.Protocol == SSH:
		return refuse("add an SSH key to the agent (ssh-add) or to ~/.ssh, and leave the password out",
			"%s: QEMU cannot use a password with ssh", d)
	case d.Secret != "" && !rule.password:
		return fmt.Errorf("%s: %s takes no password", d, d.Protocol)
	case d.Secret != "" && d.User == "":
		return fmt.Errorf("%s: there is a password but no user name", d)
	}
	if d.HostKey != "" && !hostKeyForm.MatchString(d.HostKey) {
		return fmt.Errorf("%s: host_key_check is %q, and neither yes, no nor md5:, sha1: or sha256: and hexadecimal digits", d, d.HostKey)
	}
	for _, s := range d.Servers {
		if s.Socket != "" && !rule.socket {
			return fmt.Errorf("%s: %s takes no socket", d, d.Protocol)
		}
	}
	if err := rule.name(d.Name); err != nil {
		return fmt.Errorf("%s: %w", d, err)
	}
	for _, text := range []string{d.Name, d.Query, d.User, d.Secret, d.Cookies} {
		if strings.ContainsAny(text, "\x00\n\r") {
			return fmt.Errorf("%s: a zero byte or line feed is not possible", d)
		}
	}
	return nil
}

var hostKeyForm = regexp.MustCompile(`^(yes|no|(md5|sha1|sha256):[0-9A-Fa-f]+)$`)

func absolute(name string) error {
	if !strings.HasPrefix(name, "/") || name == "/" {
		return errors.New("the path of the disk is missing")
	}
	return nil
}

var targetForm = regexp.MustCompile(`^[^/]+(/[0-9]{1,5})?$`)

func target(name string) error {
	if !targetForm.MatchString(name) {
		return fmt.Errorf("%q is not the name of a target, or TARGET/LUN", name)
	}
	return nil
}

func poolImage(name string) error {
	pool, image, found := strings.Cut(name, "/")
	if !found || pool == "" || image == "" || strings.Count(image, "/") > 1 || strings.HasSuffix(image, "/") {
		return fmt.Errorf("%q is not POOL/IMAGE", name)
	}
	return nil
}
