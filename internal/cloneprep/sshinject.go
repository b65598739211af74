package cloneprep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"virt-tools/pkg/guestfs"
)

func checkInject(value string) error {
	user, selector, ok := strings.Cut(value, ":")
	if err := checkUserName(user); err != nil {
		return err
	}
	_, err := publicKeys(selector, ok)
	return err
}

// publicKeys are those of string:TEXT or file:FILE, or the newest of the user
// who runs the tool.
func publicKeys(selector string, given bool) ([]byte, error) {
	kind, value, _ := strings.Cut(selector, ":")
	switch {
	case !given:
		file, err := newestKey()
		if err != nil {
			return nil, err
		}
		return os.ReadFile(file)
	case kind == "string" && value != "":
		return []byte(value), nil
	case kind == "file" && value != "":
		return os.ReadFile(value)
	}
	return nil, errors.New("the key is given as string:TEXT or file:FILE")
}

// sshInject adds keys to a user's authorized_keys, each once, and makes what is
// missing with the modes that sshd wants.
func sshInject(ctx context.Context, r *root, value string) error {
	user, selector, given := strings.Cut(value, ":")
	keys, err := publicKeys(selector, given)
	if err != nil {
		return err
	}
	passwd, _, err := r.read(ctx, "/etc/passwd")
	if err != nil {
		return err
	}
	accounts := parsePasswd(string(passwd))
	i := slices.IndexFunc(accounts, func(a account) bool { return a.name == user })
	if i < 0 {
		return fmt.Errorf("there is no user %q", user)
	}
	a := accounts[i]
	dir := a.home + "/.ssh"
	if is, err := r.g.IsDir(ctx, guestfs.Path(dir), nil); err != nil {
		return err
	} else if !is {
		err := errors.Join(r.g.MkdirMode(ctx, guestfs.Path(dir), 0o700), r.g.Chown(ctx, a.uid, a.gid, guestfs.Path(dir)))
		if err != nil {
			return err
		}
	}
	file := dir + "/authorized_keys"
	old, there, err := r.read(ctx, file)
	if err != nil {
		return err
	}
	now := addLines(old, keys)
	if err := r.write(ctx, file, now, 0o600); err != nil || there {
		return err
	}
	return r.g.Chown(ctx, a.uid, a.gid, guestfs.Path(file))
}

// addLines returns text with the lines that it has not.
func addLines(text, lines []byte) []byte {
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(bytes.Clone(text), '\n')
	}
	for line := range bytes.Lines(lines) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && !slices.ContainsFunc(bytes.Split(text, []byte("\n")), func(l []byte) bool { return bytes.Equal(bytes.TrimSpace(l), line) }) {
			text = append(append(bytes.Clone(text), line...), '\n')
		}
	}
	return text
}
