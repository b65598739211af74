// Package netdisk describes disks that QEMU reads over the network, and reads the URIs by
// which users name them.
//
//	d, err := netdisk.Parse("nbd://server:10809/export")
//	node, secrets, err := d.Blockdev()  // for QEMU's blockdev-add
//	fmt.Println(d)                      // without the password
//
// The package opens no connection: QEMU does.
package netdisk

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// The protocols that are known.
const (
	NBD   = "nbd"
	HTTP  = "http"
	HTTPS = "https"
	FTP   = "ftp"
	FTPS  = "ftps"
	SSH   = "ssh"
	ISCSI = "iscsi"
	RBD   = "rbd"
)

// gone are protocols of older libguestfs, and why they cannot be used.
var gone = map[string]string{
	"gluster":  "QEMU has given up GlusterFS; mount the volume and name the file on it",
	"sheepdog": "QEMU has given up Sheepdog; copy the disk to a file",
	"tftp":     "QEMU has given up TFTP; offer the file over HTTP",
}

// Server is where a disk is served: a host or the socket of a local server.
type Server struct {
	Host   string
	Port   int    // 0: the protocol's own
	Socket string // path of a Unix domain socket; then there is no host
}

// Disk is a disk on the network. The zero value of what is not about its protocol is right.
type Disk struct {
	Protocol string
	Servers  []Server // one; for rbd as many as there are monitors, or none
	Name     string   // export of nbd, path, IQN/LUN of iscsi, pool/image of rbd
	Query    string   // behind the ? of http, https
	User     string
	Secret   string // password; for rbd the key in base64

	Cookies    string // http, https: name=value; name=value
	NoVerify   bool   // https, ftps: the certificate is not checked
	HostKey    string // ssh: "" for known_hosts, "no", or KIND:FINGERPRINT in hexadecimal
	Initiator  string // iscsi: our own IQN
	Snapshot   string // rbd
	ConfigFile string // rbd: instead of /etc/ceph/ceph.conf
}

// Error is a disk that cannot be used, with advice for the user.
type Error struct {
	Err  error
	hint string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do about it, or is empty.
func (e *Error) Hint() string { return e.hint }

func refuse(hint, format string, args ...any) error {
	return &Error{fmt.Errorf(format, args...), hint}
}

// String names the disk in messages: a URI without user and password.
func (d *Disk) String() string {
	s := d.Protocol + "://"
	if len(d.Servers) > 0 {
		s += d.Servers[0].address()
	}
	if d.Name != "" && !strings.HasPrefix(d.Name, "/") {
		s += "/"
	}
	s += d.Name
	if len(d.Servers) > 0 && d.Servers[0].Socket != "" {
		s += "?socket=" + d.Servers[0].Socket
	}
	return s
}

// address is empty for a socket.
func (s Server) address() string {
	switch {
	case s.Host == "":
		return ""
	case s.Port != 0:
		return net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	case strings.Contains(s.Host, ":"):
		return "[" + s.Host + "]"
	}
	return s.Host
}

// ParseServer reads libguestfs's way to write a server: HOST, HOST:PORT, tcp:HOST:PORT or
// unix:SOCKET. An IPv6 address is in brackets where a port follows.
func ParseServer(text string) (Server, error) {
	if socket, ok := strings.CutPrefix(text, "unix:"); ok {
		if socket == "" {
			return Server{}, fmt.Errorf("server %q: the path of the socket is missing", text)
		}
		return Server{Socket: socket}, nil
	}
	host := strings.TrimPrefix(text, "tcp:")
	s := Server{Host: host}
	if h, port, err := net.SplitHostPort(host); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return Server{}, fmt.Errorf("server %q: %q is not a port", text, port)
		}
		s = Server{Host: h, Port: n}
	} else {
		s.Host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if s.Host == "" {
		return Server{}, fmt.Errorf("server %q: the host is missing", text)
	}
	return s, nil
}
