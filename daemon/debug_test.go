package daemon

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestDebug(t *testing.T) {
	c := newCall(t.Context(), New(nowhere{}), noHeader)
	t.Cleanup(c.end)
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := doDebugUpload(c, strings.NewReader("#!/bin/sh\necho ran\n"), script, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		command string
		args    []string
		want    string
	}{
		{"help", nil, "Commands supported: help env error fds ls print progress setenv sh spew\n"},
		{"setenv", []string{"FOO", "bar"}, "ok"},
		{"env", nil, strings.Join(cleanEnv, "\n") + "\nFOO=bar\n"},
		{"sh", []string{"echo one; echo two >&2"}, "one\ntwo"},
		{"sh", []string{"echo", "$FOO"}, "bar"},
		{"sh", []string{script}, "ran"},
		{"ls", []string{dir, script}, ".\n..\nscript\n" + script + "\n"},
		{"print", []string{"hello", "there"}, "ok"},
		{"spew", []string{"2"}, "ok"},
		{"progress", []string{"1"}, "ok"},
	} {
		got, err := doDebug(c, tt.command, tt.args)
		if err != nil || got != tt.want {
			t.Errorf("debug %s %q = %q, %v; want %q", tt.command, tt.args, got, err, tt.want)
		}
	}
	if out, err := doDebug(c, "fds", nil); err != nil || !strings.HasPrefix(out, " 0 ") {
		t.Errorf("debug fds = %q, %v", out, err)
	}
	for _, bad := range [][]string{{"error"}, {"error", "x"}, {"error", "9999999"}, {"setenv", "x"}, {"progress", "x"}, {"progress", "0"}, {"spew"}, {"spew", "-1"}, {"sh"}, {"nosuch"}} {
		if _, err := doDebug(c, bad[0], bad[1:]); errnoName(err) != "EINVAL" {
			t.Errorf("debug %q: error %v; want EINVAL", bad, err)
		}
	}
	if _, err := doDebug(c, "error", []string{"5"}); err == nil || err.Error() != "aaaaa" {
		t.Errorf("debug error 5: %v", err)
	}
	if _, err := doDebug(c, "ls", []string{dir + "/none"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("debug ls of nothing: %v", err)
	}
	if _, err := doDebug(c, "sh", []string{"echo why; exit 3"}); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("a command that fails: %v", err)
	}

	// Uploads.
	info, err := os.Stat(script)
	if err != nil || info.Mode() != 0o700 {
		t.Errorf("mode %v, %v; want 0700", info.Mode(), err)
	}
	if err := doDebugUpload(c, strings.NewReader(""), dir+"/no/folder", 0o700); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("upload to nowhere: %v", err)
	}
	if err := doDebugUpload(c, strings.NewReader(""), script, -1); errnoName(err) != "EINVAL" {
		t.Errorf("upload with a mode that is none: %v", err)
	}
}
