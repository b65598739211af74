package apps

import (
	"encoding/binary"
	"errors"
	"strings"

	"virt-tools/internal/hivefile"
	"virt-tools/internal/regf"
)

// uninstall are the keys of installed programs, the second those of 32 bits on
// a system of 64.
var uninstall = [][]string{
	{"Microsoft", "Windows", "CurrentVersion", "Uninstall"},
	{"WOW6432Node", "Microsoft", "Windows", "CurrentVersion", "Uninstall"},
}

func (l *lister) windows(hive string) {
	f, err := hivefile.Open(l.fsys, hive)
	if err != nil {
		l.warn("%v", err)
		return
	}
	defer f.Close()
	for _, path := range uninstall {
		keys, err := keysBelow(f, path)
		if err != nil {
			l.warn("%s: %v", hive, err)
		}
		for _, key := range keys {
			a, err := program(f, key)
			if err != nil {
				l.warn("%s: %v", hive, err)
			}
			if a.DisplayName != "" && !l.emit(a) || errors.Is(err, hivefile.ErrTooMuch) {
				return
			}
		}
	}
	l.defender(f, hive)
}

// keysBelow returns the keys below a path, as many as can be read.
func keysBelow(f *hivefile.File, path []string) (keys []regf.Node, err error) {
	err = f.Read(func(h *regf.Hive) error {
		n, err := f.Key(path...)
		if n == 0 || err != nil {
			return err
		}
		keys, err = h.Readable(n)
		return err
	})
	return keys, err
}

// program reads one key. The name of the key is the name, since the name that
// is shown depends on the language. A key without one to show is no program's.
func program(f *hivefile.File, key regf.Node) (a Application, err error) {
	fields := map[string]*string{
		"displayname": &a.DisplayName, "displayversion": &a.Version, "installlocation": &a.InstallPath,
		"publisher": &a.Publisher, "urlinfoabout": &a.URL, "comments": &a.Description,
	}
	err = f.Read(func(h *regf.Hive) error {
		name, err := h.Name(key)
		if err != nil {
			return err
		}
		a.Name = name
		values, err := f.Values(key)
		errs := []error{err}
		for _, v := range values {
			name, err := h.Key(v)
			if field := fields[strings.ToLower(name)]; err == nil && field != nil {
				*field, err = f.Text(v)
			}
			errs = append(errs, err)
			if errors.Is(err, hivefile.ErrTooMuch) {
				break
			}
		}
		return errors.Join(errs...)
	})
	a.Class = class(a)
	return a, err
}

// guards are words in the names and publishers of programs that guard against
// viruses, which programs that convert a guest want to know of.
var guards = []string{"virus", "kaspersky", "mcafee", "norton", "sophos", "apexonent", "avg technologies"}

const antivirus = "antivirus"

func class(a Application) string {
	names := strings.ToLower(a.Name + "\n" + a.DisplayName + "\n" + a.Publisher)
	for _, word := range guards {
		if strings.Contains(names, word) {
			return antivirus
		}
	}
	return ""
}

// defender is the guard that comes with Windows. It has no key of a program.
func (l *lister) defender(f *hivefile.File, hive string) {
	found := false
	err := f.Read(func(h *regf.Hive) error {
		n, err := f.Key("Microsoft", "Windows Defender")
		if n == 0 || err != nil {
			return err
		}
		found = true
		v, err := h.Value(n, "DisableAntiVirus")
		if v == 0 || err != nil {
			return err
		}
		b, err := f.Data(v)
		found = len(b) != 4 || binary.LittleEndian.Uint32(b) != 1
		return err
	})
	if err != nil {
		l.warn("%s: %v", hive, err)
	}
	if found {
		l.emit(Application{Name: "WinDefend", DisplayName: "Microsoft Defender Antivirus", Publisher: "Microsoft Corporation", Class: antivirus})
	}
}
