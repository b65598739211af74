package domain

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"libvirt.org/go/libvirtxml"

	"virt-tools/internal/netdisk"
)

// network reads a source on the network.
func (r *reader) network(s *libvirtxml.DomainDiskSource, auth *libvirtxml.DomainDiskAuth) (*netdisk.Disk, error) {
	n := s.Network
	if n.TLS == "yes" {
		return nil, cannot("%s with TLS is not supported", n.Protocol)
	}
	d := &netdisk.Disk{Protocol: n.Protocol, Name: n.Name, Query: n.Query}
	for _, h := range n.Hosts {
		server, err := host(&h)
		if err != nil {
			return nil, err
		}
		d.Servers = append(d.Servers, server)
	}
	switch n.Protocol {
	case netdisk.HTTP, netdisk.HTTPS, netdisk.FTP, netdisk.FTPS, netdisk.SSH:
		d.Name = "/" + strings.TrimPrefix(d.Name, "/")
	}
	if s.SSL != nil {
		d.NoVerify = s.SSL.Verify == "no"
	}
	if s.Cookies != nil {
		var all []string
		for _, c := range s.Cookies.Cookies {
			all = append(all, c.Name+"="+c.Value)
		}
		d.Cookies = strings.Join(all, "; ")
	}
	if n.Identity != nil && n.Protocol == netdisk.SSH {
		d.User = n.Identity.UserName
	}
	if n.Initiator != nil && n.Initiator.IQN != nil {
		d.Initiator = n.Initiator.IQN.Name
	}
	if n.Snapshot != nil {
		d.Snapshot = n.Snapshot.Name
	}
	if n.Config != nil {
		d.ConfigFile = n.Config.File
	}
	if n.Auth != nil {
		auth = n.Auth
	}
	if err := r.auth(d, auth); err != nil {
		return nil, err
	}
	return d, usable(d)
}

// usable reports protocols that there is no way to read as unsupported.
func usable(d *netdisk.Disk) error {
	if err := d.Check(); err != nil {
		return cannot("%s", err)
	}
	return nil
}

func host(h *libvirtxml.DomainDiskSourceHost) (netdisk.Server, error) {
	switch {
	case h.Transport == "unix" || h.Socket != "":
		return netdisk.Server{Socket: h.Socket}, nil
	case h.Transport != "" && h.Transport != "tcp":
		return netdisk.Server{}, cannot("a server over %s is not supported", h.Transport)
	}
	s := netdisk.Server{Host: h.Name}
	if h.Port != "" {
		port, err := strconv.Atoi(h.Port)
		if err != nil || port < 0 || port > 65535 {
			return s, fmt.Errorf("%q is not a port", h.Port)
		}
		s.Port = port
	}
	return s, nil
}

// auth adds user name and password.
func (r *reader) auth(d *netdisk.Disk, auth *libvirtxml.DomainDiskAuth) error {
	if auth == nil {
		return nil
	}
	d.User = auth.Username
	if auth.Secret == nil {
		return nil
	}
	value, err := r.secret(auth.Secret, auth.Secret.Type)
	if err != nil {
		return err
	}
	d.Secret = string(value)
	if d.Protocol == netdisk.RBD {
		d.Secret = base64.StdEncoding.EncodeToString(value) // as Ceph writes keys
	}
	return nil
}

// pooled is a volume of a pool that lies on the network.
func (r *reader) pooled(pool *libvirtxml.StoragePool, volume string) (*netdisk.Disk, error) {
	if pool.Type != "rbd" || pool.Source == nil {
		return nil, cannot("volumes of a pool of type %s are not supported", pool.Type)
	}
	d := &netdisk.Disk{Protocol: netdisk.RBD, Name: pool.Source.Name + "/" + volume}
	for _, h := range pool.Source.Host {
		server, err := host(&libvirtxml.DomainDiskSourceHost{Name: h.Name, Port: h.Port})
		if err != nil {
			return nil, err
		}
		d.Servers = append(d.Servers, server)
	}
	if a := pool.Source.Auth; a != nil {
		auth := &libvirtxml.DomainDiskAuth{Username: a.Username}
		if a.Secret != nil {
			auth.Secret = &libvirtxml.DomainDiskSecret{Type: a.Type, UUID: a.Secret.UUID, Usage: a.Secret.Usage}
		}
		if err := r.auth(d, auth); err != nil {
			return nil, err
		}
	}
	return d, usable(d)
}
