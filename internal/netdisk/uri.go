package netdisk

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// IsURI tells whether the value of -a is a URI. A file name may well contain "://" further
// on, so only lower-case letters, digits and "+" may stand before it.
func IsURI(value string) bool { return schemeOf(value) != "" }

func schemeOf(value string) string {
	scheme, _, found := strings.Cut(value, "://")
	if !found || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+") != "" {
		return ""
	}
	return scheme
}

// Parse reads a URI as libguestfs does. Its errors do not show the password.
//
//	nbd://HOST[:PORT][/EXPORT]  nbd:///EXPORT?socket=PATH  nbd+unix:///EXPORT?socket=PATH
//	http[s]://[USER[:PASSWORD]@]HOST[:PORT]/PATH[?QUERY]  ftp[s]://...
//	ssh://[USER@]HOST[:PORT]/PATH
//	iscsi://[USER[:PASSWORD]@]HOST[:PORT]/TARGET[/LUN]
//	rbd://[USER:KEY@][HOST:PORT]/POOL/IMAGE
//
// Beyond libguestfs, the query of http and https goes to the server, and
// ?host_key_check= of ssh is QEMU's: no, or md5:, sha1:, sha256: and a fingerprint.
func Parse(uri string) (*Disk, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Redact(uri), causeOf(err))
	}
	d := &Disk{Protocol: strings.TrimSuffix(u.Scheme, "+unix"), Name: u.Path}
	if u.User != nil {
		d.User = u.User.Username()
		d.Secret, _ = u.User.Password()
	}
	if u.Fragment != "" {
		return nil, refuse("write # as %23", "%s: a disk has no #fragment", Redact(uri))
	}
	if err := d.setServer(u); err != nil {
		return nil, fmt.Errorf("%s: %w", Redact(uri), err)
	}
	switch d.Protocol {
	case ISCSI, RBD, NBD:
		d.Name = strings.TrimPrefix(d.Name, "/")
	case HTTP, HTTPS, FTP, FTPS:
		d.Query = u.RawQuery
	case SSH:
		d.HostKey = u.Query().Get("host_key_check")
	}
	return d, d.check()
}

// FilePath is the path of a URI file:///path.
func FilePath(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("%s: %w", uri, causeOf(err))
	}
	switch {
	case u.Host != "" && u.Host != "localhost":
		return "", refuse("an absolute path needs three slashes: file:///path", "%s: a file URI cannot name the host %q", uri, u.Host)
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return "", refuse("write ? as %3F and # as %23", "%s: a file URI holds nothing but a path", uri)
	case u.Path == "":
		return "", fmt.Errorf("%s: the path is missing", uri)
	}
	return u.Path, nil
}

// setServer takes the server of a URI: a host, or ?socket=.
func (d *Disk) setServer(u *url.URL) error {
	socket := ""
	if d.Protocol == NBD {
		query, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			return causeOf(err)
		}
		socket = query.Get("socket")
	}
	unix := strings.HasSuffix(u.Scheme, "+unix")
	switch {
	case socket != "" && u.Host != "":
		return errors.New("there cannot be both a server and a socket")
	case unix && (d.Protocol != NBD || socket == ""):
		return errors.New("it needs ?socket=PATH")
	case socket != "":
		d.Servers = []Server{{Socket: socket}}
	case u.Hostname() != "":
		s := Server{Host: u.Hostname()}
		if u.Port() != "" {
			n, err := strconv.Atoi(u.Port())
			if err != nil || n < 1 || n > 65535 {
				return fmt.Errorf("%q is not a port", u.Port())
			}
			s.Port = n
		}
		d.Servers = []Server{s}
	}
	return nil
}

// New checks a disk that is not named by a URI: libguestfs's protocol, servers, user name
// and secret beside the name of a drive.
func New(protocol, name string, servers []string, user, secret string) (*Disk, error) {
	d := &Disk{Protocol: protocol, Name: name, User: user, Secret: secret}
	for _, text := range servers {
		s, err := ParseServer(text)
		if err != nil {
			return nil, err
		}
		d.Servers = append(d.Servers, s)
	}
	return d, d.check()
}

// Check reports what is wrong with a disk that was put together by hand.
func (d *Disk) Check() error { return d.check() }

// Redact takes user and password out of a URI, for messages, also when it is no good URI.
func Redact(uri string) string {
	scheme, rest, found := strings.Cut(uri, "://")
	if !found {
		return uri
	}
	authority, path, slash := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	if slash {
		path = "/" + path
	}
	return scheme + "://" + authority + path
}

// causeOf is the error without the URI that url.Error repeats.
func causeOf(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
