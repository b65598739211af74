package guestfs

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

// checkDaemon finds out whether the daemon is our own.
func (g *Handle) checkDaemon(ctx context.Context) error {
	there, err := g.internalFeatureAvailable(ctx, featureOwn)
	if err != nil {
		return err
	}
	if there != 0 {
		return errors.New("the appliance's daemon is not that of virt-tools: it cannot take drives after its start")
	}
	return nil
}

// hello sets the daemon's clock, gives it entropy and learns what it can do. The clock is
// as wrong as the call took on its way, so on a busy host it is set again.
func (g *Handle) hello(ctx context.Context) error {
	var names []string
	for range clockTries {
		entropy := make([]byte, entropyBytes)
		rand.Read(entropy) // never fails (crypto/rand)
		sent := time.Now()
		var err error
		if names, err = g.internalHello(ctx, sent.UnixNano(), entropy); err != nil {
			return err
		}
		if time.Since(sent) < clockError {
			break
		}
	}
	own := map[string]bool{}
	for _, name := range names {
		own[name] = true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.own = own
	if own[laneName] && g.machine != nil && g.link != nil {
		g.link.openLane(g.machine)
	}
	return nil
}
