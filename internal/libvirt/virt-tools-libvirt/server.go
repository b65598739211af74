//go:build cgo && libvirt_dlopen

package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	virt "libvirt.org/go/libvirt"

	"virt-tools/internal/libvirt"
)

// server holds the connection. Requests are answered one after the other; only the thawing of
// a guest that was frozen for too long comes from another goroutine.
type server struct {
	conn    *virt.Connect
	uri     string
	secrets *virt.Connect // where conn has none; or nil
	frozen  *freezer
}

// newServer runs libvirt's event loop, which keeps connections alive and watches the
// domains of qemu:///embed.
func newServer() *server {
	if virt.EventRegisterDefaultImpl() == nil {
		go func() {
			for virt.EventRunDefaultImpl() == nil {
			}
		}()
	}
	return &server{frozen: newFreezer()}
}

func (s *server) close() {
	s.frozen.thawAll()
	for _, c := range []*virt.Connect{s.secrets, s.conn} {
		if c != nil {
			c.Close() // nothing is waiting in it
		}
	}
}

func (s *server) answer(r *libvirt.Request) *libvirt.Answer {
	a := &libvirt.Answer{}
	var err error
	switch r.Op {
	case libvirt.OpOpen:
		err = s.open(r.URI, a)
	case libvirt.OpList:
		a.Domains, err = s.list()
	case libvirt.OpDomain:
		a.Domains, err = s.domain(r.Name, r.NameOnly)
	case libvirt.OpVolume:
		a.Volume, err = s.volume(r.Pool, r.Name)
	case libvirt.OpSecret:
		a.Value, err = s.secret(r.Secret)
	case libvirt.OpFreeze:
		err = s.freeze(r.Name)
	case libvirt.OpThaw:
		err = s.frozen.thaw(r.Name)
	default:
		err = fmt.Errorf("unknown operation %q", r.Op)
	}
	if err != nil {
		return &libvirt.Answer{Error: explain(r.Op, err)}
	}
	return a
}

// open connects. The connection cannot be a read-only one: those may not read secrets.
func (s *server) open(uri string, a *libvirt.Answer) error {
	var err error
	if s.conn, err = virt.NewConnectWithAuth(uri, auth(), 0); err != nil {
		return err
	}
	// A host that vanishes is noticed after 15 seconds. Local drivers know nothing of this.
	if err := s.conn.SetKeepAlive(5, 3); err != nil && !is(err, virt.ERR_NO_SUPPORT) && !is(err, virt.ERR_INTERNAL_ERROR) {
		return err
	}
	if a.URI, err = s.conn.GetURI(); err != nil {
		return err
	}
	s.uri = a.URI
	a.Host, err = s.conn.GetHostname()
	return err
}

func (s *server) list() ([]libvirt.Domain, error) {
	all, err := s.conn.ListAllDomains(0)
	if err != nil {
		return nil, err
	}
	domains := make([]libvirt.Domain, 0, len(all))
	for i := range all {
		d, err := describe(&all[i])
		all[i].Free()
		if is(err, virt.ERR_NO_DOMAIN) {
			continue // undefined since
		}
		if err != nil {
			return nil, err
		}
		domains = append(domains, *d)
	}
	return domains, nil
}

// domain looks a domain up, by its UUID first.
func (s *server) domain(name string, nameOnly bool) ([]libvirt.Domain, error) {
	dom, err := s.conn.LookupDomainByUUIDString(name)
	if err == nil && nameOnly {
		dom.Free()
	}
	if err != nil || nameOnly {
		if dom, err = s.conn.LookupDomainByName(name); err != nil {
			return nil, err
		}
	}
	defer dom.Free()
	d, err := describe(dom)
	if err != nil {
		return nil, err
	}
	if d.XML, err = dom.GetXMLDesc(0); err != nil {
		return nil, err
	}
	return []libvirt.Domain{*d}, nil
}

var states = map[virt.DomainState]string{
	virt.DOMAIN_RUNNING: "running", virt.DOMAIN_BLOCKED: "running", virt.DOMAIN_PAUSED: "paused",
	virt.DOMAIN_SHUTDOWN: "shutting down", virt.DOMAIN_SHUTOFF: libvirt.StateShutOff, virt.DOMAIN_CRASHED: "crashed",
	virt.DOMAIN_PMSUSPENDED: "suspended", virt.DOMAIN_NOSTATE: "in no state",
}

func describe(dom *virt.Domain) (*libvirt.Domain, error) {
	d := &libvirt.Domain{}
	var err error
	if d.Name, err = dom.GetName(); err != nil {
		return nil, err
	}
	if d.UUID, err = dom.GetUUIDString(); err != nil {
		return nil, err
	}
	state, _, err := dom.GetState()
	if err != nil {
		return nil, err
	}
	if d.State = states[state]; d.State == "" {
		d.State = fmt.Sprintf("in state %d", state)
	}
	d.Saved, err = dom.HasManagedSaveImage(0)
	if is(err, virt.ERR_NO_SUPPORT) {
		err = nil // such a driver saves nothing
	}
	return d, err
}

func (s *server) volume(pool, name string) (*libvirt.Volume, error) {
	p, err := s.conn.LookupStoragePoolByName(pool)
	if err != nil {
		return nil, err
	}
	defer p.Free()
	v, err := p.LookupStorageVolByName(name)
	if err != nil {
		return nil, err
	}
	defer v.Free()
	volume := &libvirt.Volume{}
	if volume.Path, err = v.GetPath(); err != nil {
		return nil, err
	}
	if volume.XML, err = v.GetXMLDesc(0); err != nil {
		return nil, err
	}
	volume.PoolXML, err = p.GetXMLDesc(0)
	return volume, err
}

var usages = map[string]virt.SecretUsageType{
	"none": virt.SECRET_USAGE_TYPE_NONE, "volume": virt.SECRET_USAGE_TYPE_VOLUME, "ceph": virt.SECRET_USAGE_TYPE_CEPH,
	"iscsi": virt.SECRET_USAGE_TYPE_ISCSI, "tls": virt.SECRET_USAGE_TYPE_TLS,
}

func (s *server) secret(ref *libvirt.SecretRef) ([]byte, error) {
	if ref == nil {
		return nil, errors.New("no secret is named")
	}
	value, err := readSecret(s.conn, ref)
	if !is(err, virt.ERR_NO_SUPPORT) || !strings.Contains(s.uri, "/embed?") {
		return value, err
	}
	// The embedded driver of QEMU has none; a driver of its own keeps them at the same root.
	if s.secrets == nil {
		root, err := url.Parse(s.uri)
		if err != nil {
			return nil, err
		}
		if s.secrets, err = virt.NewConnect("secret:///embed?" + root.RawQuery); err != nil {
			return nil, err
		}
	}
	return readSecret(s.secrets, ref)
}

func readSecret(conn *virt.Connect, ref *libvirt.SecretRef) ([]byte, error) {
	var secret *virt.Secret
	var err error
	if ref.UUID != "" {
		secret, err = conn.LookupSecretByUUIDString(ref.UUID)
	} else {
		secret, err = conn.LookupSecretByUsage(usages[ref.Type], ref.Usage)
	}
	if err != nil {
		return nil, err
	}
	defer secret.Free()
	return secret.GetValue(0)
}

func (s *server) freeze(uuid string) error {
	dom, err := s.conn.LookupDomainByUUIDString(uuid)
	if err != nil {
		return err
	}
	return s.frozen.freeze(uuid, dom, time.Minute)
}

func is(err error, number virt.ErrorNumber) bool {
	var e virt.Error
	return errors.As(err, &e) && e.Code == number
}

// explain sorts errors into those that the library tells apart.
func explain(op string, err error) *libvirt.Error {
	e := &libvirt.Error{Text: err.Error()}
	var v virt.Error
	if errors.As(err, &v) {
		e.Text = v.Message
	}
	switch {
	case strings.Contains(e.Text, "libvirt.so"):
		e.Code = libvirt.CodeMissing
	case op == libvirt.OpOpen:
		e.Code = libvirt.CodeConnect
	case is(err, virt.ERR_NO_DOMAIN):
		e.Code = libvirt.CodeNoDomain
	case is(err, virt.ERR_RPC), is(err, virt.ERR_SYSTEM_ERROR), is(err, virt.ERR_INVALID_CONN),
		is(err, virt.ERR_INTERNAL_ERROR) && strings.Contains(e.Text, "client socket is closed"):
		e.Code = libvirt.CodeLost
	}
	return e
}
