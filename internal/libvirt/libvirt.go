// Package libvirt looks domains up: which there are, which disks they have, and what
// volumes and secrets those refer to.
//
//	conn, err := libvirt.Open(ctx, "qemu:///system")
//	defer conn.Close()
//	d, err := conn.Domain(ctx, "web")
//	fmt.Println(d.State, d.XML)
//
// The C library of libvirt is not in this process. A program of its own,
// virt-tools-libvirt, loads it: so the tools need no cgo and stay static, they start where
// libvirt is not installed, and a libvirt that hangs can be given up. The package changes
// nothing in libvirt but for Freeze and Thaw. What the XML means is package domain's to know.
package libvirt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Time limits. Opening may ask the user for a password.
const (
	openTimeout = 2 * time.Minute
	callTimeout = 30 * time.Second
	endTimeout  = 5 * time.Second // includes thawing
)

// Conn is a connection to a libvirt. Its methods may be called from several goroutines;
// they are done one after the other.
type Conn struct {
	URI  string // as libvirt has completed it
	Host string // on which libvirt runs

	turn    chan struct{} // holds a token while nobody uses what follows
	process *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
	stderr  *lastLines
	broken  error // why no more requests can be made

	closing sync.Once
}

// Open connects to a libvirt; an empty URI means libvirt's own default, as for virsh.
func Open(ctx context.Context, uri string) (*Conn, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	c := &Conn{turn: make(chan struct{}, 1), process: exec.Command(path), stderr: &lastLines{}}
	c.process.Stderr = c.stderr
	if c.in, err = c.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = json.NewDecoder(out)
	if err := c.process.Start(); err != nil {
		return nil, fmt.Errorf("libvirt: %w", err)
	}
	c.turn <- struct{}{}
	ctx, cancel := context.WithTimeoutCause(ctx, openTimeout, fmt.Errorf("libvirt does not answer within %s", openTimeout))
	defer cancel()
	a, err := c.call(ctx, &Request{Op: OpOpen, URI: uri})
	if err != nil {
		c.Close()
		return nil, explainOpen(uri, err)
	}
	c.URI, c.Host = a.URI, a.Host
	return c, nil
}

// Close ends the connection. What is frozen is thawed. It is safe to call twice.
func (c *Conn) Close() {
	c.closing.Do(func() {
		c.in.Close()
		hung := time.AfterFunc(endTimeout, func() { c.process.Process.Kill() })
		c.process.Wait() // how it ends does not matter any more
		hung.Stop()
	})
}

// call makes a request. When ctx ends first the connection is of no use any more.
func (c *Conn) call(ctx context.Context, r *Request) (*Answer, error) {
	select {
	case <-c.turn:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if c.broken != nil {
		defer func() { c.turn <- struct{}{} }()
		return nil, c.broken
	}
	var a Answer
	done := make(chan error, 1)
	go func() {
		err := json.NewEncoder(c.in).Encode(r)
		if err == nil {
			err = c.out.Decode(&a)
		}
		if err != nil {
			c.broken = fmt.Errorf("libvirt: virt-tools-libvirt ended unexpectedly: %w%s", err, c.stderr)
		}
		done <- c.broken
		c.turn <- struct{}{}
	}()
	select {
	case err := <-done:
		if err == nil && a.Error != nil {
			err = a.Error
		}
		return &a, err
	case <-ctx.Done():
		c.process.Process.Kill() // it is stuck in libvirt; its end ends the goroutine above
		return nil, context.Cause(ctx)
	}
}

func (c *Conn) timed(ctx context.Context, r *Request) (*Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, callTimeout, fmt.Errorf("libvirt does not answer within %s", callTimeout))
	defer cancel()
	return c.call(ctx, r)
}

// Domains lists all domains, active and not, in no particular order and without XML.
func (c *Conn) Domains(ctx context.Context) ([]Domain, error) {
	a, err := c.timed(ctx, &Request{Op: OpList})
	if err != nil {
		return nil, fmt.Errorf("libvirt: list domains: %w", err)
	}
	return a.Domains, nil
}

// Domain looks a domain up by its UUID or name. Where one's name is another's UUID, the
// UUID counts.
func (c *Conn) Domain(ctx context.Context, name string) (*Domain, error) {
	return c.lookUp(ctx, &Request{Op: OpDomain, Name: name})
}

func (c *Conn) lookUp(ctx context.Context, r *Request) (*Domain, error) {
	name := r.Name
	a, err := c.timed(ctx, r)
	var e *Error
	switch {
	case errors.As(err, &e) && e.Code == CodeNoDomain:
		return nil, told("virsh -c "+c.URI+" list --all shows the domains; -c chooses another libvirt", "libvirt domain %q: there is none of that name at %s", name, c.URI)
	case err != nil:
		return nil, fmt.Errorf("libvirt domain %q: %w", name, err)
	case len(a.Domains) != 1:
		return nil, fmt.Errorf("libvirt domain %q: unexpected answer", name)
	}
	return &a.Domains[0], nil
}

// DomainByName is Domain for a name alone, also one that looks like a UUID.
func (c *Conn) DomainByName(ctx context.Context, name string) (*Domain, error) {
	return c.lookUp(ctx, &Request{Op: OpDomain, Name: name, NameOnly: true})
}

// Volume looks a volume of a storage pool up: its path, its XML and that of the pool.
func (c *Conn) Volume(ctx context.Context, pool, name string) (path, volumeXML, poolXML string, err error) {
	a, err := c.timed(ctx, &Request{Op: OpVolume, Pool: pool, Name: name})
	switch {
	case err != nil && strings.Contains(err.Error(), "not active"):
		return "", "", "", told("virsh -c "+c.URI+" pool-start "+pool, "volume %s of pool %s: %w", name, pool, err)
	case err != nil:
		return "", "", "", fmt.Errorf("volume %s of pool %s: %w", name, pool, err)
	case a.Volume == nil:
		return "", "", "", fmt.Errorf("volume %s of pool %s: unexpected answer", name, pool)
	}
	return a.Volume.Path, a.Volume.XML, a.Volume.PoolXML, nil
}

// Secret reads the value of a secret, named by its UUID or by its type and usage.
func (c *Conn) Secret(ctx context.Context, uuid, kind, usage string) ([]byte, error) {
	a, err := c.timed(ctx, &Request{Op: OpSecret, Secret: &SecretRef{UUID: uuid, Type: kind, Usage: usage}})
	if err != nil {
		return nil, fmt.Errorf("secret %s%s: %w", uuid, usage, err)
	}
	return a.Value, nil
}

// Freeze asks the agent in a guest to freeze its filesystems. They are thawed by Thaw, by the
// end of the connection or of this process, and after a minute in any case.
func (c *Conn) Freeze(ctx context.Context, uuid string) error {
	_, err := c.timed(ctx, &Request{Op: OpFreeze, Name: uuid})
	return err
}

// Thaw thaws what Freeze has frozen. It is an error when that was thawed before.
func (c *Conn) Thaw(ctx context.Context, uuid string) error {
	_, err := c.timed(ctx, &Request{Op: OpThaw, Name: uuid})
	return err
}

// FileHost is the host on which the files of domains are, or "" for this one.
func (c *Conn) FileHost() string {
	u, err := url.Parse(c.URI)
	if err != nil {
		return ""
	}
	own, err := os.Hostname()
	switch host := u.Hostname(); {
	case host == "", host == "localhost", host == "127.0.0.1", host == "::1", err == nil && host == own:
		return ""
	default:
		return host
	}
}
