package template

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// refusalTime is how long a template that did not work is not made again.
const refusalTime = 10 * time.Minute

// Refuse notes that a template of a machine was whole and yet did not work, or that it
// cannot be made. Refused tells so for some minutes: no launch should lose time over it.
func (s *Store) Refuse(identity string, reason error) error {
	return os.WriteFile(s.refusal(identity), []byte(reason.Error()+"\n"), 0o600)
}

// Refused returns the reason given to Refuse, or nil.
func (s *Store) Refused(identity string) error {
	info, err := os.Lstat(s.refusal(identity))
	if err != nil || time.Since(info.ModTime()) > refusalTime || !info.Mode().IsRegular() || info.Size() > maxInfo {
		return nil
	}
	text, err := os.ReadFile(s.refusal(identity))
	if err != nil {
		return nil
	}
	return errors.New("it did not work a few minutes ago: " + strings.TrimSpace(string(text)))
}

// Allow forgets a refusal.
func (s *Store) Allow(identity string) error {
	err := os.Remove(s.refusal(identity))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (s *Store) refusal(identity string) string {
	return filepath.Join(s.dir, refusedPrefix+key(identity))
}

func (s *Store) pruneRefusals() error {
	notes, err := filepath.Glob(filepath.Join(s.dir, refusedPrefix+"*"))
	if err != nil {
		return err
	}
	for _, note := range notes {
		if info, err := os.Lstat(note); err == nil && time.Since(info.ModTime()) > refusalTime {
			if err := os.Remove(note); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
