package daemon

import (
	"bufio"
	"errors"
	"fmt"
	"log"
	"os"
	"path"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// moduleDir holds the modules and three lists that the appliance's builder
// wrote: modules.list "name path dep,dep", modules.boot, modules.alias
// "pattern name".
const moduleDir = "/lib/modules"

type module struct {
	path string
	deps []string // all it needs, in the order in which they load
}

// loadBootModules loads what is needed before the library can call. One that
// does not load is reported and left out: the kernel may have it built in.
// Parameters of modules are given by name.
func loadBootModules() error {
	modules, err := readModules()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(moduleDir + "/modules.boot")
	if err != nil {
		return err
	}
	if err := bindDisksOurselves(); err != nil { // where SCSI is built in
		return err
	}
	for _, name := range strings.Fields(string(text)) {
		if err := loadModule(modules, name); err != nil {
			log.Printf("warning: %v", err)
		}
	}
	return nil
}

var moduleParams = map[string]string{"scsi_mod": "scan=sync"}

func readModules() (map[string]module, error) {
	f, err := os.Open(moduleDir + "/modules.list")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	modules := map[string]module{}
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) < 2 {
			continue
		}
		m := module{path: path.Join(moduleDir, fields[1])}
		if len(fields) > 2 {
			m.deps = strings.Split(fields[2], ",")
		}
		modules[fields[0]] = m
	}
	return modules, nil
}

var errNoModule = errors.New("no such module in the appliance")

func loadModule(modules map[string]module, name string) error {
	name = strings.ReplaceAll(name, "-", "_")
	m, ok := modules[name]
	if !ok {
		return fmt.Errorf("module %s: %w", name, errNoModule)
	}
	for _, dep := range append(m.deps, name) {
		if err := insertModule(modules[dep].path, moduleParams[dep]); err != nil {
			return fmt.Errorf("module %s: %w", dep, err)
		}
		if dep == "scsi_mod" { // before a driver finds the first disk
			if err := bindDisksOurselves(); err != nil {
				return err
			}
		}
	}
	return nil
}

func insertModule(file, params string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.FinitModule(int(f.Fd()), params, 0)
	if err == syscall.EEXIST {
		return nil
	}
	return err
}

// Modprobe does what the kernel asks of its module loader: "-q -- ALIAS". It
// returns the exit status.
func Modprobe(argv []string) int {
	status := 0
	for _, name := range argv {
		if strings.HasPrefix(name, "-") {
			continue
		}
		if err := probeModule(name); err != nil {
			if !errors.Is(err, errNoModule) {
				fmt.Fprintln(os.Stderr, "modprobe: error:", err)
			}
			status = 1
		}
	}
	return status
}

// probeModule loads a module by its name or by an alias of it.
func probeModule(name string) error {
	modules, err := readModules()
	if err != nil {
		return err
	}
	if err := loadModule(modules, name); !errors.Is(err, errNoModule) {
		return err
	}
	f, err := os.Open(moduleDir + "/modules.alias")
	if err != nil {
		return err
	}
	defer f.Close()
	found := false
	for s := bufio.NewScanner(f); s.Scan(); {
		pattern, target, _ := strings.Cut(s.Text(), " ")
		if match, err := path.Match(pattern, name); err != nil || !match {
			continue
		}
		if err := loadModule(modules, target); err != nil {
			return err
		}
		found = true
	}
	if !found {
		return fmt.Errorf("%s: %w", name, errNoModule)
	}
	return nil
}
