package cloneprep

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// newestKey is the newest public key, not a certificate, of who runs the tool.
func newestKey() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(home, ".ssh", "id*.pub"))
	if err != nil {
		return "", err
	}
	newest, when := "", time.Time{}
	for _, file := range files {
		info, err := os.Stat(file)
		if err == nil && !strings.HasSuffix(file, "-cert.pub") && info.ModTime().After(when) {
			newest, when = file, info.ModTime()
		}
	}
	if newest == "" {
		return "", errors.New("you have no public key in ~/.ssh: name one with USER:file:FILE")
	}
	return newest, nil
}
