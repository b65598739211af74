package cloneprep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"virt-tools/pkg/guestfs"
)

func checkUser(value string) error {
	name, selector, ok := strings.Cut(value, ":")
	if err := checkUserName(name); err != nil || !ok {
		return err
	}
	return checkPassword(selector)
}

// addUser makes an account and a group of its name, with the lowest number of
// people's that neither has, and a home directory with the files of /etc/skel.
func addUser(ctx context.Context, r *root, value string) error {
	name, selector, hasPassword := strings.Cut(value, ":")
	texts := map[string]string{}
	for _, file := range []string{"/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"} {
		text, ok, err := r.read(ctx, file)
		if err != nil {
			return err
		}
		if ok {
			texts[file] = string(text)
		} else if file == "/etc/passwd" || file == "/etc/group" || file == "/etc/shadow" {
			return fmt.Errorf("the guest has no %s", file)
		}
	}
	if slices.ContainsFunc(parsePasswd(texts["/etc/passwd"]), func(a account) bool { return a.name == name }) {
		return fmt.Errorf("there is a user %q already", name)
	}
	id := freeID(texts["/etc/passwd"], texts["/etc/group"])
	shell := "/bin/sh"
	if is, err := r.g.Exists(ctx, "/bin/bash"); err != nil {
		return err
	} else if is {
		shell = "/bin/bash"
	}
	home := "/home/" + name
	for file, line := range map[string]string{
		"/etc/passwd":  fmt.Sprintf("%s:x:%d:%d::%s:%s", name, id, id, home, shell),
		"/etc/group":   fmt.Sprintf("%s:x:%d:", name, id),
		"/etc/shadow":  fmt.Sprintf("%s:!:%d:0:99999:7:::", name, time.Now().Unix()/(24*60*60)),
		"/etc/gshadow": name + ":!::",
	} {
		text, ok := texts[file]
		if !ok {
			continue
		}
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		if err := r.replace(ctx, file, []byte(text+line+"\n")); err != nil {
			return err
		}
	}
	if err := r.makeHome(ctx, home, id); err != nil {
		return err
	}
	r.homes = nil
	if hasPassword {
		return r.setPassword(ctx, name, selector)
	}
	return nil
}

func (r *root) makeHome(ctx context.Context, home string, id int) error {
	if is, err := r.g.Exists(ctx, guestfs.Path(home)); err != nil || is {
		return err
	}
	if is, err := r.g.IsDir(ctx, "/etc/skel", nil); err != nil {
		return err
	} else if is {
		if err := errors.Join(r.g.MkdirP(ctx, "/home"), r.g.CpA(ctx, "/etc/skel", guestfs.Path(home))); err != nil {
			return err
		}
	} else if err := r.g.MkdirP(ctx, guestfs.Path(home)); err != nil {
		return err
	}
	names, err := r.g.Find(ctx, guestfs.Path(home))
	if err != nil {
		return err
	}
	for _, name := range append(names, "") {
		if err := r.g.Lchown(ctx, id, id, guestfs.Path(home+"/"+name)); err != nil {
			return err
		}
	}
	return r.g.Chmod(ctx, 0o700, guestfs.Path(home))
}

// freeID is the lowest number from 1000 that is neither a user's nor a group's.
func freeID(passwd, group string) int {
	used := map[string]bool{}
	for _, text := range []string{passwd, group} {
		for line := range strings.Lines(text) {
			if f := strings.Split(strings.TrimRight(line, "\n"), ":"); len(f) > 2 {
				used[f[2]] = true
			}
		}
	}
	id := firstUser
	for used[strconv.Itoa(id)] {
		id++
	}
	return id
}
