package qemu

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/digitalocean/go-qemu/qmp"
)

// subscription is a queue of events for one reader. It grows as needed, so that a
// slow reader never stops the monitor; QEMU limits the rate of its chatty events.
type subscription struct {
	mu    sync.Mutex
	queue []qmp.Event
	ended bool
	wake  chan struct{} // has room for one token: something changed
}

func (s *subscription) put(e qmp.Event) {
	s.mu.Lock()
	s.queue = append(s.queue, e)
	s.mu.Unlock()
	s.poke()
}

func (s *subscription) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.poke()
}

func (s *subscription) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next waits for an event; false means that there will be no more.
func (s *subscription) next(ctx context.Context) (qmp.Event, bool) {
	for {
		s.mu.Lock()
		if len(s.queue) > 0 {
			e := s.queue[0]
			s.queue = s.queue[1:]
			s.mu.Unlock()
			return e, true
		}
		ended := s.ended
		s.mu.Unlock()
		if ended {
			return qmp.Event{}, false
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return qmp.Event{}, false
		}
	}
}

// subscribe starts collecting events; the caller must unsubscribe.
func (m *Monitor) subscribe() *subscription {
	s := &subscription{wake: make(chan struct{}, 1)}
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.ended = m.err != nil; !s.ended {
		m.subs[s] = struct{}{}
	}
	return s
}

func (m *Monitor) unsubscribe(s *subscription) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.subs, s)
}

func (m *Monitor) publish(line []byte) {
	var e qmp.Event
	if json.Unmarshal(line, &e) != nil {
		return // an event of a shape that nobody here could use
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.subs {
		s.put(e)
	}
}

// Events returns a channel of the events from now on. It is closed when the context
// or the connection ends. It implements qmp.Monitor.
func (m *Monitor) Events(ctx context.Context) (<-chan qmp.Event, error) {
	s := m.subscribe()
	out := make(chan qmp.Event)
	go func() {
		defer close(out)
		defer m.unsubscribe(s)
		for {
			e, ok := s.next(ctx)
			if !ok {
				return
			}
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}
