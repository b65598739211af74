package template

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPrune(t *testing.T) {
	s := store(t)
	now := time.Now()
	for i, age := range []time.Duration{3, 1, 2, 0} {
		file, _ := put(t, s, fmt.Sprint(i))
		at := now.Add(-age * time.Hour)
		must(t, os.Chtimes(file, at, at))
	}
	list, err := s.List()
	must(t, err)
	one := list[0].Bytes
	must(t, s.Prune(2*one+one/2))
	var left []string
	list, err = s.List()
	must(t, err)
	for _, e := range list {
		left = append(left, e.Info.Identity)
	}
	if diff := cmp.Diff([]string{"3", "1"}, left); diff != "" {
		t.Errorf("left over: %s", diff)
	}
	must(t, s.Prune(0))
	if list, err := s.List(); err != nil || len(list) != 1 {
		t.Errorf("Prune(0) leaves %d, %v; want the last used one", len(list), err)
	}
	for _, name := range []string{"", "lock", "../template-x", "template-/../../x"} {
		if err := s.Remove(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Remove(%q) = %v; want ErrNotExist", name, err)
		}
	}
}

func TestRefuse(t *testing.T) {
	s := store(t)
	if err := s.Refused("a"); err != nil {
		t.Errorf("Refused = %v; want nil", err)
	}
	must(t, s.Refuse("a", errors.New("it hangs")))
	if err := s.Refused("a"); err == nil || !strings.Contains(err.Error(), "it hangs") {
		t.Errorf("Refused = %v; want the reason", err)
	}
	if err := s.Refused("b"); err != nil {
		t.Errorf("Refused of another = %v; want nil", err)
	}
	must(t, s.Allow("a"))
	must(t, s.Allow("a"))
	if err := s.Refused("a"); err != nil {
		t.Errorf("Refused after Allow = %v; want nil", err)
	}
	must(t, s.Refuse("a", errors.New("it hangs")))
	old := time.Now().Add(-refusalTime - time.Second)
	must(t, os.Chtimes(s.refusal("a"), old, old))
	if err := s.Refused("a"); err != nil {
		t.Errorf("Refused after a while = %v; want nil", err)
	}
	must(t, s.Prune(DefaultLimit))
	if _, err := os.Stat(s.refusal("a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an old refusal is kept: %v", err)
	}
}

// What a killed program left is no template, and goes when the next one is made.
func TestLeftovers(t *testing.T) {
	s := store(t)
	left := filepath.Join(s.dir, tempPrefix+"template-x")
	must(t, os.WriteFile(left, []byte("half"), 0o600))
	put(t, s, "a")
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	mountTiny(t, dir)
	s, err := Open(filepath.Join(dir, "store"))
	must(t, err)
	if err := s.Room(); err == nil {
		t.Error("Room = nil on a small disk")
	}
	m := sample(t)
	noise := rand.NewChaCha8([32]byte{2})
	b := make([]byte, testMB<<20)
	noise.Read(b)
	_, err = m.RAM.WriteAt(b, 0)
	must(t, err)
	if err := s.Put(m, info("a")); err == nil {
		t.Fatal("Put = nil on a full disk")
	} else {
		t.Log(err)
	}
	names, err := os.ReadDir(s.dir)
	if err != nil || len(names) != 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func TestLock(t *testing.T) {
	s := store(t)
	ctx := context.Background()
	unlock, err := s.Lock(ctx, time.Second)
	must(t, err)
	if _, err := s.Lock(ctx, 50*time.Millisecond); err == nil {
		t.Error("Lock = nil while another holds it")
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Lock(ended, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("Lock = %v; want %v", err, context.Canceled)
	}
	unlock()
	unlock()
	again, err := s.Lock(ctx, time.Second)
	must(t, err)
	again()
}

// Makers, users and removers at once: a template is whole or not there.
func TestRace(t *testing.T) {
	s := store(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	m := sample(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 10 {
				switch got, err := s.Get("a"); {
				case err == nil:
					if err := got.Verify(); err != nil {
						t.Error(err)
					}
					got.Close()
				case errors.Is(err, fs.ErrNotExist):
					unlock, err := s.Lock(ctx, time.Minute)
					if err != nil {
						t.Error(err)
						return
					}
					if err := s.Put(m, info("a")); err != nil {
						t.Error(err)
					}
					unlock()
				default:
					t.Error(err)
				}
				if i%4 == 0 {
					if err := s.Drop("a"); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
}
