package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool finds a program that judges what we generate.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is needed: %v", name, err)
	}
	return path
}

// generated writes what --generate what prints to a file.
func generated(t *testing.T, what string) string {
	t.Helper()
	status, out, stderr := runSample(new(sampleOptions), nothing, "--generate", what)
	if status != StatusOK || stderr != "" {
		t.Fatalf("--generate %s: status %d, %s", what, status, stderr)
	}
	file := filepath.Join(t.TempDir(), "virt-sample."+what)
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Each program must accept the file, and say nothing about it.
func TestGeneratedSyntax(t *testing.T) {
	tests := []struct {
		what string
		argv []string
	}{
		{"man", []string{"mandoc", "-T", "lint"}},
		{"man", []string{"groff", "-ww", "-z", "-man", "-Tutf8"}},
		{"bash", []string{"bash", "-n"}},
		{"zsh", []string{"zsh", "-n"}},
		{"fish", []string{"fish", "-n"}},
	}
	for _, test := range tests {
		t.Run(test.argv[0], func(t *testing.T) {
			path := tool(t, test.argv[0])
			cmd := exec.Command(path, append(test.argv[1:], generated(t, test.what))...)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%q: %v\n%s", cmd.Args, err, out)
			}
		})
	}
}

func TestManualShows(t *testing.T) {
	cmd := exec.Command(tool(t, "mandoc"), "-T", "ascii", generated(t, "man"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := plain(string(out))
	for _, want := range []string{
		"virt-sample - do nothing",
		"virt-sample [options] -a disk.img\n",
		"-a FILE, --add=FILE\n",
		"--format[=FORMAT]\n",
		"-P N, --count=N, --number=N\n",
		"--format=raw -a root.img --format -a data.img\n",
		"EXIT STATUS", "ENVIRONMENT", "SEE ALSO",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the manual lacks %q:\n%s", want, text)
		}
	}
}

// plain removes the overstriking that stands for bold and underlined.
func plain(s string) string {
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		if r != '\b' && (i+1 == len(runes) || runes[i+1] != '\b') {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Every option needs prose and all prose an option.
func TestManualErrors(t *testing.T) {
	broken := sample
	broken.Page = strings.Replace(samplePage, "### --count", "### --amount", 1)
	_, err := broken.manual(broken.parser(new(sampleOptions)).Model.Node)
	const want = "virt-sample.1.md: no entry for --count\nan entry for --amount, which is no option"
	if err == nil || err.Error() != want {
		t.Errorf("manual = %v; want %s", err, want)
	}
}

func TestManualWithoutOptions(t *testing.T) {
	broken := sample
	broken.Page = "# a title alone\n"
	_, err := broken.manual(broken.parser(new(sampleOptions)).Model.Node)
	if want := "virt-sample.1.md: the section Options is missing"; err == nil || err.Error() != want {
		t.Errorf("manual = %v; want %s", err, want)
	}
}

func TestGenerateUnknown(t *testing.T) {
	status, _, stderr := runSample(new(sampleOptions), nothing, "--generate=csh")
	if want := "virt-sample: error: --generate \"csh\": it must be man, bash, zsh or fish\n"; status != 1 || stderr != want {
		t.Errorf("status %d, %q; want 1, %q", status, stderr, want)
	}
}

// The words are what bash makes of the command line, the last one being completed.
func TestBashCompletes(t *testing.T) {
	path := tool(t, "bash")
	script := generated(t, "bash")
	t.Chdir(filepath.Dir(image(t, "a disk.img")))
	tests := []struct {
		words []string
		want  string
	}{
		{[]string{"--hu"}, "--human-readable\n"},
		{[]string{"--a"}, "--add=\n"},
		{[]string{"--ver"}, "--verbose\n--version\n"},
		{[]string{"-a", ""}, "a disk.img\n"},
		{[]string{"--add", "=", "a"}, "a disk.img\n"},
		{[]string{"--format", "="}, "raw\nqcow2\nvmdk\nvdi\nvpc\nvhdx\n"},
		{[]string{"--format", "=", "q"}, "qcow2\n"},
		{[]string{"--format", ""}, "a disk.img\n"}, // its value needs the "="
		{[]string{"-P", ""}, ""},
		{[]string{"a d"}, "a disk.img\n"},
	}
	for _, test := range tests {
		cmd := exec.Command(path, "-c", `compopt() { :; }; source "$0"; COMP_WORDS=(virt-sample "$@"); COMP_CWORD=$#
			_virt_sample; for word in "${COMPREPLY[@]}"; do echo "$word"; done`, script)
		cmd.Args = append(cmd.Args, test.words...)
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != test.want {
			t.Errorf("bash completes %q to %q, %v; want %q", test.words, out, err, test.want)
		}
	}
}

func TestFishCompletes(t *testing.T) {
	path := tool(t, "fish")
	script := generated(t, "fish")
	t.Chdir(filepath.Dir(image(t, "adisk.img")))
	tests := []struct{ line, want string }{
		{"--hu", "--human-readable\tPrint sizes in units.\n"},
		{"--format=q", "--format=qcow2\tSet the format of the disks that follow.\n"},
		{"-a ad", "adisk.img\n"},
		{"ad", "adisk.img\n"},
	}
	for _, test := range tests {
		cmd := exec.Command(path, "--no-config", "-c", fmt.Sprintf("source %s; complete -C 'virt-sample %s'", script, test.line))
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != test.want {
			t.Errorf("fish completes %q to %q, %v; want %q", test.line, out, err, test.want)
		}
	}
}
