package cloneprep

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"virt-tools/pkg/guestfs"
)

var hostnameForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

// CheckHostname says whether a name can be given to a guest.
func CheckHostname(name string) error {
	if len(name) > 253 || !hostnameForm.MatchString(name) {
		return fmt.Errorf("%q is not a hostname: letters, digits and hyphens in it, dots between labels of at most 63", name)
	}
	return nil
}

// setHostname writes the name wherever the system has its own.
func (r *root) setHostname(ctx context.Context, name string) error {
	if isWindows(r) {
		return r.setComputerName(ctx, name)
	}
	old := r.hostname
	if err := r.setHostnameFiles(ctx, name); err != nil {
		return err
	}
	if err := r.edit(ctx, "/etc/hosts", func(text string) string { return renameHosts(text, old, name) }); err != nil {
		return err
	}
	for pattern, keys := range hostnameKeys {
		if err := r.edit(ctx, pattern, func(text string) string { return renameKeys(text, keys, old, name) }); err != nil {
			return err
		}
	}
	r.hostname = name
	return nil
}

// setHostnameFiles writes those that say nothing else. A guest that has none of
// them gets /etc/hostname, which all that have systemd read.
func (r *root) setHostnameFiles(ctx context.Context, name string) error {
	written := false
	for _, file := range []string{"/etc/hostname", "/etc/HOSTNAME", "/etc/mailname", "/etc/myname", "/etc/nodename", "/etc/salt/minion_id"} {
		link, err := r.g.IsSymlink(ctx, guestfs.Path(file))
		if err != nil {
			return err
		}
		was, ok, err := r.read(ctx, file)
		if err != nil {
			return err
		}
		if !ok || link {
			continue
		}
		text := name + "\n"
		if file == "/etc/salt/minion_id" {
			text = name
		}
		isHostname := strings.EqualFold(file, "/etc/hostname") || file == "/etc/myname" || file == "/etc/nodename"
		if !isHostname && renameText(string(was), r.hostname, name) == string(was) {
			continue // named otherwise on purpose
		}
		written = written || isHostname
		if string(was) == text {
			continue
		}
		if err := r.replace(ctx, file, []byte(text)); err != nil {
			return err
		}
		r.record("changed", file, strings.TrimSpace(cut(string(was))), name)
	}
	for file, variable := range map[string]string{
		"/etc/sysconfig/network": "HOSTNAME", "/etc/rc.conf": "hostname", "/etc/conf.d/hostname": "hostname",
	} {
		err := r.edit(ctx, file, func(text string) string {
			now, ok := setVariable(text, variable, name)
			written = written || ok
			return now
		})
		if err != nil {
			return err
		}
	}
	if written {
		return nil
	}
	r.record("created", "/etc/hostname", "", name)
	return r.write(ctx, "/etc/hostname", []byte(name+"\n"), 0o644)
}

// hostnameKeys are files with other things in them, and the keys whose values
// are changed where they are the old name.
var hostnameKeys = map[string]*regexp.Regexp{
	"/etc/machine-info":                        regexp.MustCompile(`^\s*PRETTY_HOSTNAME\s*=`),
	"/etc/cloud/cloud.cfg":                     regexp.MustCompile(`^\s*-?\s*(hostname|fqdn|local-hostname)\s*:`),
	"/etc/cloud/cloud.cfg.d/*":                 regexp.MustCompile(`^\s*-?\s*(hostname|fqdn|local-hostname)\s*:`),
	"/etc/netplan/*":                           regexp.MustCompile(`^\s*hostname\s*:`),
	"/etc/postfix/main.cf":                     regexp.MustCompile(`^\s*(myhostname|mydestination|mydomain)\s*=`),
	"/etc/exim4/update-exim4.conf*":            regexp.MustCompile(`^dc_other_hostnames\s*=`),
	"/etc/dhcp/dhclient*.conf":                 regexp.MustCompile(`^\s*send\s+(host-name|fqdn\.fqdn)\b`),
	"/etc/dhcpcd.conf":                         regexp.MustCompile(`^\s*hostname\b`),
	"/etc/network/interfaces":                  regexp.MustCompile(`^\s*hostname\b`),
	"/etc/NetworkManager/system-connections/*": regexp.MustCompile(`^\s*dhcp-(hostname|fqdn)\s*=`),
}

// renameKeys changes the name on the lines that begin with a key.
func renameKeys(text string, keys *regexp.Regexp, old, name string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if at := keys.FindStringIndex(line); at != nil {
			line = line[:at[1]] + renameText(line[at[1]:], old, name)
		}
		b.WriteString(line)
	}
	return b.String()
}

// renameHosts changes the name in the lines of /etc/hosts, not in the addresses
// and not in comments.
func renameHosts(text, old, name string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		end := len(line)
		if i := strings.IndexByte(line, '#'); i >= 0 {
			end = i
		}
		names, address := line[:end], 0
		for address < len(names) && strings.IndexByte(" \t", names[address]) >= 0 {
			address++
		}
		for address < len(names) && strings.IndexByte(" \t", names[address]) < 0 {
			address++
		}
		b.WriteString(names[:address] + renameText(names[address:], old, name) + line[end:])
	}
	return b.String()
}

// renameText replaces the words that are the old name. Where that has a domain,
// the full name becomes the full new name and its first label the new one's.
func renameText(text, old, name string) string {
	short, _, _ := strings.Cut(old, ".")
	newShort, _, _ := strings.Cut(name, ".")
	if old == "" || strings.EqualFold(short, "localhost") {
		return text
	}
	return hostWord.ReplaceAllStringFunc(text, func(word string) string {
		switch {
		case strings.EqualFold(word, old) && old != short:
			return name
		case strings.EqualFold(word, short):
			return newShort
		}
		return word
	})
}

var hostWord = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9._-]*`)

// setVariable sets a variable of a shell-like file, if it is set there.
func setVariable(text, variable, value string) (string, bool) {
	line := regexp.MustCompile(`(?m)^(\s*` + regexp.QuoteMeta(variable) + `\s*=)\s*("?'?)[^"'\n]*("?'?)[ \t]*$`)
	if !line.MatchString(text) {
		return text, false
	}
	return line.ReplaceAllString(text, "${1}${2}"+value+"${3}"), true
}
