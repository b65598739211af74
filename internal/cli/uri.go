package cli

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// networkProtocols are those of libguestfs's -a that reach a disk through the network.
var networkProtocols = map[string]bool{
	"ftp": true, "ftps": true, "gluster": true, "http": true, "https": true, "iscsi": true,
	"nbd": true, "nbd+unix": true, "rbd": true, "sheepdog": true, "ssh": true, "tftp": true,
}

// fileOf is the host file that the value of -a names, which is a file name or a URI.
func fileOf(value string) (string, error) {
	scheme, isURI := schemeOf(value)
	switch {
	case value == "":
		return "", errors.New("the name of a disk image cannot be empty")
	case !isURI:
		return value, nil
	case scheme == "file":
		return filePath(value)
	case networkProtocols[scheme]:
		return "", Hint(fmt.Errorf("%s: disks over %s are not built yet", value, scheme),
			"copy the disk to a file, or export it as a block device (qemu-nbd, rbd map)")
	}
	return "", Hint(fmt.Errorf("%s: unknown protocol %q", value, scheme), "for a file of that name, write ./ before it")
}

// schemeOf finds the scheme of a URI. A file name may well contain "://" further on, so
// only lower-case letters, digits and "+" may stand before it.
func schemeOf(value string) (string, bool) {
	scheme, _, found := strings.Cut(value, "://")
	if !found || scheme == "" {
		return "", false
	}
	for _, r := range scheme {
		if !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '+') {
			return "", false
		}
	}
	return scheme, true
}

func filePath(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("disk: %w", err) // url.Error names the URI
	}
	switch {
	case u.Host != "" && u.Host != "localhost":
		return "", Hint(fmt.Errorf("%s: a file URI cannot name the host %q", uri, u.Host),
			"an absolute path needs three slashes: file:///path")
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return "", Hint(fmt.Errorf("%s: a file URI holds nothing but a path", uri), "write ? as %%3F and # as %%23")
	case u.Path == "":
		return "", fmt.Errorf("%s: the path is missing", uri)
	}
	return u.Path, nil
}
