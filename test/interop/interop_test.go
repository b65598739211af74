// Package interop drives our appliance with libguestfs's own tools: what they
// print on it must be what they print on the appliance that libguestfs makes.
//
//	go test ./test/interop
//	go test ./test/interop -run TestGuestfish -update   # asks libguestfs's appliance anew
//
// The scripts are testdata/*.gf, what libguestfs 1.48 printed is in
// testdata/*.golden. TestGuestfish also fails when a call that the table calls
// done is not driven by any of the scripts and has no excuse.
package interop

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"virt-tools/appliance"
	"virt-tools/internal/api"
	"virt-tools/test/reference"
)

var update = flag.Bool("update", false, "write the golden files anew, from libguestfs's own appliance")

type result = *reference.Result

// world is what the tests share: libguestfs's tools and our appliance.
type world struct {
	tools *reference.Tools
	ours  string // folder of our appliance
}

var (
	folder string
	shared = sync.OnceValues(func() (*world, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		tools, err := reference.New(ctx)
		if err != nil {
			return nil, err
		}
		ours := filepath.Join(folder, "appliance")
		return &world{tools, ours}, appliance.Write(ctx, ours, nil)
	})
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if folder, err = os.MkdirTemp("", "interop-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	return m.Run()
}

func setup(t *testing.T) (context.Context, *world) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	w, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx, w
}

// excused are calls that guestfish cannot drive to success, and why. Those that
// are newer than it excuse themselves.
var excused = map[string]string{
	"internal_exit":   "ends the daemon, which answers nothing",
	"internal_upload": "used by no command of guestfish",
}

// undriven holds calls that await a script, so that a new one is not forgotten
// unnoticed.
const undriven = "testdata/undriven.txt"

func TestGuestfish(t *testing.T) {
	ctx, w := setup(t)
	scripts, err := filepath.Glob("testdata/*.gf")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	made, ran := map[string]bool{}, 0
	for _, file := range scripts {
		golden := strings.TrimSuffix(file, ".gf") + ".golden"
		t.Run(strings.TrimSuffix(filepath.Base(file), ".gf"), func(t *testing.T) {
			ran++
			commands := readScript(t, file)
			if *update {
				lines, _ := w.session(ctx, t, "", hostFiles(t), commands)
				if err := os.WriteFile(golden, []byte(strings.Join(lines, "")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, calls := w.session(ctx, t, w.ours, hostFiles(t), commands)
			compare(t, golden, commands, got)
			for _, name := range calls {
				made[name] = true
			}
		})
	}
	if ran == len(scripts) {
		driven(t, made)
	}
}

// driven checks that each call that is done was made with success or stands in
// one of the lists, and that neither has a name too many.
func driven(t *testing.T, made map[string]bool) {
	t.Helper()
	list, err := os.ReadFile(undriven)
	if err != nil {
		t.Fatal(err)
	}
	waiting := strings.Fields(string(list))
	var missing []string
	for _, c := range api.ByProc() {
		listed := excused[c.Name] != "" || slices.Contains(waiting, c.Name)
		switch {
		case c.Status != api.Done || c.Proc >= api.ProcOwn || newer(c.Since):
		case made[c.Name] && listed:
			t.Errorf("%s is driven now: take it off the list", c.Name)
		case !made[c.Name] && !listed:
			missing = append(missing, c.Name)
		}
	}
	if len(missing) > 0 {
		t.Errorf("no script makes these calls with success; write one, or add them to %s: %s", undriven, strings.Join(missing, " "))
	}
}

// newer tells whether a call is newer than libguestfs 1.48.
func newer(since string) bool {
	var major, minor int
	_, err := fmt.Sscanf(since, "%d.%d", &major, &minor)
	return err == nil && (major > 1 || minor > 48)
}
