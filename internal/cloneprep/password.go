package cloneprep

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-crypt/crypt/algorithm/shacrypt"
	"github.com/openwall/yescrypt-go"

	"virt-tools/pkg/guestfs"
)

// Cryptos are the ways to hash passwords that can be asked for.
var Cryptos = []string{"sha256", "sha512", "yescrypt"}

// password is what a selector means.
type password struct {
	text     string
	hasText  bool
	isLocked bool // the account cannot be used with it
	isNone   bool // "disabled": no password fits
}

// parsePassword reads password:TEXT, file:FILE, random, disabled, locked or
// locked: before another.
func parsePassword(selector string) (password, error) {
	kind, value, ok := strings.Cut(selector, ":")
	switch {
	case kind == "password" && ok:
		if strings.ContainsAny(value, "\n\x00") {
			return password{}, errors.New("a password has one line")
		}
		return password{text: value, hasText: true}, nil
	case kind == "file" && ok:
		text, err := os.ReadFile(value)
		if err != nil {
			return password{}, err
		}
		line, _, _ := strings.Cut(string(text), "\n")
		return password{text: strings.TrimSuffix(line, "\r"), hasText: true}, nil
	case kind == "random" && !ok:
		return password{text: randomPassword(), hasText: true}, nil
	case kind == "disabled" && !ok:
		return password{isNone: true}, nil
	case kind == "locked" && !ok:
		return password{isLocked: true}, nil
	case kind == "locked":
		p, err := parsePassword(value)
		p.isLocked = true
		return p, err
	}
	return password{}, errors.New("the password is given as password:TEXT, file:FILE, random, disabled or locked[:...]")
}

// randomPassword has about 120 bits, in letters that are told apart easily.
func randomPassword() string {
	const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, 0, 20)
	for len(b) < cap(b) {
		var one [1]byte
		rand.Read(one[:])
		if int(one[0]) < 256/len(letters)*len(letters) {
			b = append(b, letters[int(one[0])%len(letters)])
		}
	}
	return string(b)
}

// hash returns what stands in /etc/shadow for a password.
func hash(text, crypto string) (string, error) {
	switch crypto {
	case "sha256", "sha512":
		variant := shacrypt.WithSHA512()
		if crypto == "sha256" {
			variant = shacrypt.WithSHA256()
		}
		hasher, err := shacrypt.New(variant, shacrypt.WithIterations(5000))
		if err != nil {
			return "", err
		}
		digest, err := hasher.Hash(text)
		if err != nil {
			return "", err
		}
		return digest.Encode(), nil
	case "yescrypt":
		var salt [16]byte
		rand.Read(salt[:])
		h, err := yescrypt.Hash([]byte(text), []byte("$y$j9T$"+crypt64(salt[:])))
		return string(h), err
	}
	return "", fmt.Errorf("%q is not a way to hash passwords: %s", crypto, strings.Join(Cryptos, ", "))
}

// crypt64 writes bytes as crypt(5) does, three in four letters, the lowest bits
// first.
func crypt64(b []byte) string {
	const letters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var out strings.Builder
	for ; len(b) > 0; b = b[min(3, len(b)):] {
		bits, n := uint32(0), min(3, len(b))
		for i := range n {
			bits |= uint32(b[i]) << (8 * i)
		}
		for i := 0; i < n*8; i += 6 {
			out.WriteByte(letters[bits>>i&63])
		}
	}
	return out.String()
}

// crypto is how the guest's own passwd hashes.
func (r *root) crypto() string {
	if r.Crypto != "" {
		return r.Crypto
	}
	since := map[string]int{
		"debian": 11, "ubuntu": 22, "kali": 2022, "fedora": 35, "rhel": 10, "centos": 10, "rocky": 10, "almalinux": 10,
		"oraclelinux": 10, "archlinux": 0, "opensuse": 20000,
	}
	if major, ok := since[r.distro]; ok && r.major >= major {
		return "yescrypt"
	}
	return "sha512"
}

func checkPassword(value string) error {
	_, err := parsePassword(value)
	return err
}

var userForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$`)

func checkUserName(name string) error {
	if !userForm.MatchString(name) {
		return fmt.Errorf("%q is not the name of a user", name)
	}
	return nil
}

func checkUserPassword(value string) error {
	user, selector, ok := strings.Cut(value, ":")
	if !ok {
		return errPair
	}
	if err := checkUserName(user); err != nil {
		return err
	}
	return checkPassword(selector)
}

func rootPassword(ctx context.Context, r *root, value string) error {
	return r.setPassword(ctx, "root", value)
}

func userPassword(ctx context.Context, r *root, value string) error {
	user, selector, _ := strings.Cut(value, ":")
	return r.setPassword(ctx, user, selector)
}

func (r *root) setPassword(ctx context.Context, user, selector string) error {
	p, err := parsePassword(selector)
	if err != nil {
		return err
	}
	if strings.HasSuffix(selector, "random") {
		r.prep.warn(fmt.Sprintf("the random password of %s is %s", user, p.text)) // or nobody would know it
	}
	shadow, ok, err := r.read(ctx, "/etc/shadow")
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("the guest has no /etc/shadow")
	}
	hashed := ""
	if p.hasText {
		if hashed, err = hash(p.text, r.crypto()); err != nil {
			return err
		}
	}
	now, err := setShadow(string(shadow), user, func(old string) string {
		switch {
		case p.hasText:
			old = hashed
		case p.isNone:
			old = "*"
		}
		if p.isLocked {
			old = "!!" + strings.TrimLeft(old, "!")
		}
		return old
	}, time.Now())
	if err != nil {
		return err
	}
	return r.replace(ctx, "/etc/shadow", []byte(now))
}

// setShadow changes the password of a user and the day of its last change.
func setShadow(text, user string, change func(old string) string, now time.Time) (string, error) {
	var b strings.Builder
	found := false
	for line := range strings.Lines(text) {
		end := line[len(strings.TrimRight(line, "\n")):]
		f := strings.Split(strings.TrimRight(line, "\n"), ":")
		if f[0] == user && len(f) >= 3 && !found {
			found = true
			f[1] = change(f[1])
			f[2] = strconv.FormatInt(now.Unix()/(24*60*60), 10)
			line = strings.Join(f, ":") + end
		}
		b.WriteString(line)
	}
	if !found {
		return "", fmt.Errorf("there is no user %q in /etc/shadow", user)
	}
	return b.String(), nil
}

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
