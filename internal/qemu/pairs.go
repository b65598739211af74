package qemu

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// pairs are socket pairs between us and QEMU.
type pairs struct {
	ours   []*net.UnixConn
	theirs []*os.File // inherited by QEMU, in this order
}

func newPairs(n int) (*pairs, error) {
	p := &pairs{}
	for range n {
		if err := p.add(); err != nil {
			p.closeOurs()
			p.closeTheirs()
			return nil, fmt.Errorf("make socket pair: %w", err)
		}
	}
	return p, nil
}

func (p *pairs) add() error {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	p.theirs = append(p.theirs, os.NewFile(uintptr(fds[1]), "qemu"))
	f := os.NewFile(uintptr(fds[0]), "qemu")
	defer f.Close() // FileConn duplicates it
	c, err := net.FileConn(f)
	if err != nil {
		return err
	}
	p.ours = append(p.ours, c.(*net.UnixConn))
	return nil
}

// closeTheirs closes QEMU's ends; it is safe to call twice.
func (p *pairs) closeTheirs() {
	for _, f := range p.theirs {
		f.Close()
	}
}

func (p *pairs) closeOurs() {
	for _, c := range p.ours {
		c.Close()
	}
}
