package cloneprep

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-crypt/crypt/algorithm/shacrypt"
	"github.com/openwall/yescrypt-go"
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
