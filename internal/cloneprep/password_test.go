package cloneprep

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

// perl's crypt is the C library's, which is what logs people in.
func TestHash(t *testing.T) {
	if _, err := exec.LookPath("perl"); err != nil {
		t.Fatal(err) // essential in Debian
	}
	for crypto, prefix := range map[string]string{"sha256": "$5$", "sha512": "$6$", "yescrypt": "$y$"} {
		for _, password := range []string{"secret", "", "pass word: \u00e4\U0001f600"} {
			h, err := hash(password, crypto)
			if err != nil || !strings.HasPrefix(h, prefix) {
				t.Fatalf("hash(%q, %s) = %q, %v", password, crypto, h, err)
			}
			out, err := exec.Command("perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, h).Output()
			if err != nil || string(out) != h {
				t.Errorf("%s: crypt of %q gives %s, %v; hash %s", crypto, password, out, err, h)
			}
		}
		a, _ := hash("x", crypto)
		if b, _ := hash("x", crypto); a == b {
			t.Errorf("%s: two hashes have one salt", crypto)
		}
	}
	if _, err := hash("x", "md5"); err == nil {
		t.Error("md5 is allowed")
	}
}

func TestParsePassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from file\r\nsecond\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for selector, want := range map[string]password{
		"password:a:b":      {text: "a:b", hasText: true},
		"password:":         {hasText: true},
		"file:" + file:      {text: "from file", hasText: true},
		"disabled":          {isNone: true},
		"locked":            {isLocked: true},
		"locked:password:x": {text: "x", hasText: true, isLocked: true},
		"locked:disabled":   {isNone: true, isLocked: true},
	} {
		if got, err := parsePassword(selector); err != nil || got != want {
			t.Errorf("parsePassword(%s) = %+v, %v; want %+v", selector, got, err, want)
		}
	}
	for _, bad := range []string{"", "secret", "password", "file:/no/such", "random:x", "disabled:x", "locked:", "password:a\nb"} {
		if _, err := parsePassword(bad); err == nil {
			t.Errorf("parsePassword(%q) succeeds", bad)
		}
	}
	a, err := parsePassword("random")
	b, err2 := parsePassword("random")
	if err != nil || err2 != nil || len(a.text) != 20 || a.text == b.text {
		t.Errorf("random passwords %q and %q", a.text, b.text)
	}
}

func TestSetShadow(t *testing.T) {
	text := "root:*:1:0:99999:7:::\nrooty:x:1:::::\n"
	got, err := setShadow(text, "root", func(old string) string { return "!!" + old }, time.Unix(20000*86400, 0))
	if want := "root:!!*:20000:0:99999:7:::\nrooty:x:1:::::\n"; err != nil || got != want {
		t.Errorf("setShadow = %q, %v; want %q", got, err, want)
	}
	if _, err := setShadow(text, "nobody", nil, time.Now()); err == nil {
		t.Error("the password of nobody was set")
	}
}

func TestAddLines(t *testing.T) {
	got := string(addLines([]byte("key one"), []byte("key two\n\nkey one\n  key three  \n")))
	if d := cmp.Diff("key one\nkey two\nkey three\n", got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// ssh-keygen reads what was made, where it is there; the library always does.
func TestMarshalKey(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, public, fingerprint, err := marshalKey(key, "root@web-01")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pub, comment, _, _, err := ssh.ParseAuthorizedKey(public)
	if err != nil || comment != "root@web-01" || !bytes.Equal(pub.Marshal(), signer.PublicKey().Marshal()) {
		t.Errorf("public key with comment %q, %v", comment, err)
	}
	if got := ssh.FingerprintSHA256(pub); got != fingerprint {
		t.Errorf("fingerprint %s; want %s", fingerprint, got)
	}
}

func TestCrypto(t *testing.T) {
	for _, test := range []struct {
		distro string
		major  int
		want   string
	}{{"debian", 12, "yescrypt"}, {"debian", 10, "sha512"}, {"rhel", 9, "sha512"}, {"fedora", 39, "yescrypt"}, {"gentoo", 0, "sha512"}} {
		r := &root{prep: &prep{Settings: &Settings{}}, distro: test.distro, major: test.major}
		if got := r.crypto(); got != test.want {
			t.Errorf("%s %d: %s; want %s", test.distro, test.major, got, test.want)
		}
	}
}
