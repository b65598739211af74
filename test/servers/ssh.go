package servers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// SSH runs sshd on a port of loopback for this user.
type SSH struct {
	Port    int
	HostKey string // sha256:FINGERPRINT in hexadecimal, as QEMU writes it
	Agent   string // the socket of an agent that holds a good key
	Config  string // its configuration file
}

// NewSSH starts sshd and an agent.
func NewSSH(t testing.TB) *SSH {
	t.Helper()
	dir := shortDir(t)
	for _, name := range []string{"host", "user"} {
		run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", filepath.Join(dir, name))
	}
	s := &SSH{Port: freePort(t, "127.0.0.1"), Agent: filepath.Join(dir, "agent"), Config: filepath.Join(dir, "config")}
	config := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host\nAuthorizedKeysFile %s/user.pub\n"+
		"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n", s.Port, dir, dir)
	if err := os.WriteFile(s.Config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		os.Mkdir("/run/sshd", 0o755) // where sshd separates its privileges; it may be there
	}
	sshd := lookAside(t, "sshd") // by its whole path: it starts itself again
	start(t, exec.Command(sshd, "-D", "-e", "-f", s.Config), "tcp", fmt.Sprintf("127.0.0.1:%d", s.Port))
	start(t, exec.Command("ssh-agent", "-D", "-a", s.Agent), "unix", s.Agent)
	add := exec.Command("ssh-add", "-q", filepath.Join(dir, "user"))
	add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+s.Agent)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("ssh-add: %v\n%s", err, out)
	}
	s.HostKey = fingerprint(t, filepath.Join(dir, "host.pub"))
	return s
}

// fingerprint is that of a public key, as QEMU compares it.
func fingerprint(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(key)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// lookAside finds a program that may lie where only root looks.
func lookAside(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}
