package qemu

import (
	"context"
	"fmt"
	"time"
)

// A server that falls silent in the middle of the work would leave the guest waiting for
// ever: neither QEMU nor the guest's kernel gives up a read. So while a machine has
// drives on the network, each is read from now and then; one that does not answer ends
// the machine.

// watchRemotes starts the reading with the first drive on the network.
func (m *Machine) watchRemotes() {
	m.remotes.Do(func() {
		go func() {
			tick := time.NewTicker(m.config.OpenTimeout / 3)
			defer tick.Stop()
			for {
				select {
				case <-m.done:
					return
				case <-tick.C:
				}
				if err := m.probeRemotes(); err != nil {
					m.fail(err)
					return
				}
			}
		}()
	})
}

// probeRemotes reads a sector of each disk on the network. What the server answers does
// not matter: the guest sees errors itself.
func (m *Machine) probeRemotes() error {
	m.mu.Lock()
	nodes := make(map[string]string)
	for _, p := range m.drives {
		for node, server := range p.remotes {
			nodes[node] = server
		}
	}
	m.mu.Unlock()
	for node, server := range nodes {
		ctx, cancel := context.WithTimeout(context.Background(), m.config.OpenTimeout)
		var said string
		err := m.monitor.Execute(ctx, "human-monitor-command", options{"command-line": fmt.Sprintf(`qemu-io %s "read -q 0 512"`, node)}, &said)
		late := ctx.Err() != nil
		cancel()
		if err != nil && late {
			return told("the work is not complete; check the server and the network", "%s: %w any more", server, errSilent)
		}
	}
	return nil
}

// fail ends the machine because of err, which Err returns then.
func (m *Machine) fail(err error) {
	m.mu.Lock()
	if !m.ending && m.fatal == nil {
		m.fatal = err
	}
	m.mu.Unlock()
	m.proc.kill() // an error means that it has ended
}
