// The init of the boot test: loads the modules, starts every program once, and says on the console how that went.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	os.Setenv("PATH", "/usr/sbin:/usr/bin")
	if err := test(); err != nil {
		fmt.Println("boot-test: failed:", err)
	}
	fmt.Println("boot-test: end")
	time.Sleep(time.Hour) // the test ends the machine
}

func test() error {
	for dir, kind := range map[string]string{"/proc": "proc", "/sys": "sysfs", "/dev": "devtmpfs", "/tmp": "tmpfs"} {
		if err := unix.Mount(kind, dir, kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	if err := loadModules(); err != nil {
		return err
	}
	text, err := os.ReadFile("/etc/appliance.json")
	if err != nil {
		return err
	}
	var inside struct {
		Version  string
		Programs []string
	}
	if err := json.Unmarshal(text, &inside); err != nil {
		return err
	}
	fmt.Println("boot-test: version", inside.Version)
	for _, name := range inside.Programs {
		out, err := exec.Command(name, "--help").CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) || exit != nil && (exit.ExitCode() == 127 || !exit.Exited()) {
			fmt.Printf("boot-test: program %s: %v: %s\n", name, err, out)
			continue
		}
		fmt.Println("boot-test: program ok", name)
	}
	out, err := exec.Command("mkfs.ext4", "-q", "/tmp/disk", "8M").CombinedOutput()
	if err != nil {
		return fmt.Errorf("mkfs.ext4: %w: %s", err, out)
	}
	out, err = exec.Command("lvm", "version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("lvm version: %w: %s", err, out)
	}
	return nil
}

// loadModules loads those of modules.boot, and ext4 as one on demand, by modules.list.
func loadModules() error {
	list, err := os.ReadFile("/lib/modules/modules.list")
	if err != nil {
		return err
	}
	boot, err := os.ReadFile("/lib/modules/modules.boot")
	if err != nil {
		return err
	}
	files, needs := map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(list)) {
		fields := append(strings.Fields(line), "")
		files[fields[0]], needs[fields[0]] = fields[1], fields[2]
	}
	for _, name := range append(strings.Fields(string(boot)), "ext4") {
		for _, n := range append(strings.Split(needs[name], ","), name) {
			if n == "" {
				continue
			}
			f, err := os.Open("/lib/modules/" + files[n])
			if err != nil {
				return err
			}
			err = unix.FinitModule(int(f.Fd()), "", 0)
			f.Close()
			if err != nil && !errors.Is(err, unix.EEXIST) {
				return fmt.Errorf("module %s for %s: %w", n, name, err)
			}
		}
		fmt.Println("boot-test: module ok", name)
	}
	return nil
}
