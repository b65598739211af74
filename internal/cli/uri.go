package cli

import (
	"errors"
	"strings"

	"virt-tools/internal/netdisk"
)

// parseDisk reads the value of -a, which is a file name or a URI.
func parseDisk(value string) (Drive, error) {
	switch {
	case value == "":
		return Drive{}, errors.New("the name of a disk image cannot be empty")
	case !netdisk.IsURI(value):
		return Drive{File: value}, nil
	case strings.HasPrefix(value, "file://"):
		file, err := netdisk.FilePath(value)
		return Drive{File: file}, err
	}
	_, err := netdisk.Parse(value)
	if err != nil && strings.Contains(err.Error(), "unknown protocol") {
		err = Hint(err, "for a file of that name, write ./ before it")
	}
	return Drive{URI: value}, err
}

// displayName is what output calls a disk: the last part of its path. A domain is called as
// the user does.
func (d Drive) displayName() string {
	if d.Domain != "" {
		return d.Domain
	}
	path := d.File
	if d.URI != "" {
		disk, err := netdisk.Parse(d.URI)
		if err != nil {
			return netdisk.Redact(d.URI)
		}
		if path = disk.Name; path == "" || strings.HasSuffix(path, "/") {
			return netdisk.Redact(d.URI)
		}
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}
