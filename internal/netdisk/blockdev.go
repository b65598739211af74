package netdisk

import (
	"net/url"
	"strconv"
	"strings"
)

// Secrets are passwords that go to QEMU apart from the nodes that use them, by their ids.
type Secrets map[string]string

// connectSeconds is how long QEMU may wait for one answer of a web server.
const connectSeconds = 20

// ports are the defaults where QEMU wants to be told.
var ports = map[string]int{NBD: 10809, SSH: 22, ISCSI: 3260, RBD: 6789}

// Blockdev describes the disk to QEMU's blockdev-add. The secrets must be made first, as
// objects with the ids that the node refers to, which begin with id.
func (d *Disk) Blockdev(id string) (map[string]any, Secrets) {
	node, secrets := map[string]any{"driver": d.Protocol}, Secrets{}
	put := func(key, value string) {
		if value != "" {
			node[key] = value
		}
	}
	secret := func(key, kind, value string) {
		if value != "" {
			node[key] = id + kind
			secrets[id+kind] = value
		}
	}
	switch d.Protocol {
	case NBD:
		node["server"] = d.server()
		put("export", d.Name)
	case HTTP, HTTPS, FTP, FTPS:
		put("url", d.url())
		put("username", d.User)
		secret("password-secret", "password", d.Secret)
		secret("cookie-secret", "cookie", d.Cookies)
		node["timeout"] = connectSeconds
		if d.NoVerify {
			node["sslverify"] = false
		}
	case SSH:
		node["server"] = d.server()
		put("path", d.Name)
		put("user", d.User)
		if d.HostKey != "" {
			node["host-key-check"] = hostKey(d.HostKey)
		}
	case ISCSI:
		name, lun, _ := strings.Cut(d.Name, "/")
		node["transport"], node["portal"], node["target"] = "tcp", d.portal(), name
		node["lun"], _ = strconv.Atoi(lun) // 0 where there is none
		put("user", d.User)
		secret("password-secret", "password", d.Secret)
		put("initiator-name", d.Initiator)
		node["timeout"] = connectSeconds
	case RBD:
		d.rbd(node, put)
		secret("key-secret", "key", d.Secret)
	}
	return node, secrets
}

func (d *Disk) rbd(node map[string]any, put func(key, value string)) {
	parts := strings.Split(d.Name, "/")
	node["pool"], node["image"] = parts[0], parts[len(parts)-1]
	if len(parts) == 3 {
		node["namespace"] = parts[1]
	}
	put("snapshot", d.Snapshot)
	put("conf", d.ConfigFile)
	put("user", d.User)
	if d.Secret != "" {
		node["auth-client-required"] = []string{"cephx", "none"}
	}
	var servers []any
	for _, s := range d.Servers {
		servers = append(servers, inet(s, ports[RBD]))
	}
	if servers != nil {
		node["server"] = servers
	}
}

// server is the one server, as QEMU's socket address.
func (d *Disk) server() map[string]any {
	s := d.Servers[0]
	if s.Socket != "" {
		return map[string]any{"type": "unix", "path": s.Socket}
	}
	address := inet(s, ports[d.Protocol])
	if d.Protocol == NBD {
		address["type"] = "inet"
	}
	return address
}

func inet(s Server, port int) map[string]any {
	if s.Port != 0 {
		port = s.Port
	}
	return map[string]any{"host": s.Host, "port": strconv.Itoa(port)}
}

func (d *Disk) portal() string {
	s := d.Servers[0]
	if s.Port == 0 {
		s.Port = ports[d.Protocol]
	}
	return s.address()
}

func (d *Disk) url() string {
	u := url.URL{Scheme: d.Protocol, Host: d.Servers[0].address(), Path: d.Name, RawQuery: d.Query}
	return u.String()
}

// hostKey is QEMU's way to say which keys of an SSH server are good.
func hostKey(check string) map[string]any {
	kind, fingerprint, found := strings.Cut(check, ":")
	if !found {
		return map[string]any{"mode": map[string]string{"no": "none", "yes": "known_hosts"}[check]}
	}
	return map[string]any{"mode": "hash", "type": kind, "hash": fingerprint}
}

// IsWeb tells whether the disk can only be read: QEMU does not write to web and FTP servers.
func (d *Disk) IsWeb() bool {
	return d.Protocol == HTTP || d.Protocol == HTTPS || d.Protocol == FTP || d.Protocol == FTPS
}
