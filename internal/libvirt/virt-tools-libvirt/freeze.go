//go:build cgo && libvirt_dlopen

package main

import (
	"errors"
	"sync"
	"time"

	virt "libvirt.org/go/libvirt"
)

// freezer keeps account of the guests whose filesystems are frozen: each is thawed when it
// is asked for, after a time, or when the program ends, whichever comes first.
type freezer struct {
	mu     sync.Mutex
	guests map[string]*frozen
}

type frozen struct {
	domain *virt.Domain
	timer  *time.Timer
}

func newFreezer() *freezer { return &freezer{guests: make(map[string]*frozen)} }

// freeze asks the agent in the guest to freeze. It takes the domain over.
func (f *freezer) freeze(uuid string, domain *virt.Domain, limit time.Duration) error {
	if err := domain.FSFreeze(nil, 0); err != nil {
		domain.Free()
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.guests[uuid] = &frozen{domain, time.AfterFunc(limit, func() { f.thaw(uuid) })}
	return nil
}

// thaw thaws a guest, unless the time had thawed it.
func (f *freezer) thaw(uuid string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.guests[uuid]
	if g == nil {
		return errors.New("the guest has been thawed already, because it was frozen for too long")
	}
	delete(f.guests, uuid)
	g.timer.Stop()
	defer g.domain.Free()
	return g.domain.FSThaw(nil, 0)
}

func (f *freezer) thawAll() {
	f.mu.Lock()
	var all []string
	for uuid := range f.guests {
		all = append(all, uuid)
	}
	f.mu.Unlock()
	for _, uuid := range all {
		f.thaw(uuid) // nobody is left to tell
	}
}
