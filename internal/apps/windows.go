package apps

import (
	"errors"
	"strings"

	"virt-tools/internal/regf"
)

// uninstall are the keys of installed programs, the second those of 32 bits on
// a system of 64.
var uninstall = [][]string{
	{"Microsoft", "Windows", "CurrentVersion", "Uninstall"},
	{"WOW6432Node", "Microsoft", "Windows", "CurrentVersion", "Uninstall"},
}

var errTooMuch = errors.New("more is in the keys of programs than is read")

func (l *lister) windows(hive string) {
	r, err := l.openHive(hive)
	if err != nil {
		l.warn("%v", err)
		return
	}
	defer r.close()
	for _, path := range uninstall {
		keys, err := r.keys(path)
		if err != nil {
			l.warn("%s: %v", hive, err)
		}
		for _, key := range keys {
			a, err := r.program(key)
			if err != nil {
				l.warn("%s: %v", hive, err)
			}
			if a.DisplayName != "" && !l.emit(a) || errors.Is(err, errTooMuch) {
				return
			}
		}
	}
}

// keys returns the keys below a path, as many as can be read.
func (r *hiveReader) keys(path []string) (keys []regf.Node, err error) {
	err = r.guard(func() error {
		n := r.hive.Root()
		for _, name := range path {
			child, err := r.hive.Child(n, name)
			if child == 0 || err != nil {
				return err
			}
			n = child
		}
		keys, err = r.hive.Readable(n)
		return err
	})
	return keys, err
}

// program reads one key. The name of the key is the name, since the name that
// is shown depends on the language. A key without one to show is no program's.
func (r *hiveReader) program(key regf.Node) (a Application, err error) {
	fields := map[string]*string{
		"displayname": &a.DisplayName, "displayversion": &a.Version, "installlocation": &a.InstallPath,
		"publisher": &a.Publisher, "urlinfoabout": &a.URL, "comments": &a.Description,
	}
	err = r.guard(func() error {
		name, err := r.hive.Name(key)
		if err != nil {
			return err
		}
		a.Name = name
		values, err := r.hive.Values(key)
		errs := []error{err}
		r.work += valueWork * len(values)
		for _, v := range values {
			name, err := r.hive.Key(v)
			if field := fields[strings.ToLower(name)]; err == nil && field != nil {
				*field, err = r.text(v)
			}
			errs = append(errs, err)
			if r.work > maxWork {
				return errTooMuch
			}
		}
		return errors.Join(errs...)
	})
	a.Class = class(a)
	return a, err
}

// text returns a value of text, and nothing if it is a number.
func (r *hiveReader) text(v regf.Value) (string, error) {
	n, err := r.hive.Len(v)
	if err != nil {
		return "", err
	}
	r.work += n
	if n > maxValue {
		return "", errTooLarge
	}
	s, err := r.hive.Text(v)
	if errors.Is(err, regf.ErrArgument) {
		return "", nil
	}
	return s, err
}

// guards are words in the names of programs that guard against viruses, which
// programs that convert a guest want to know of.
var guards = []string{"virus", "kaspersky", "mcafee", "norton", "sophos", "bitdefender", "avast", "avira", "eset security", "f-secure", "trend micro"}

func class(a Application) string {
	if strings.Contains(strings.ToLower(a.Publisher), "avg technologies") {
		return "antivirus"
	}
	name := strings.ToLower(a.Name + "\n" + a.DisplayName)
	for _, word := range guards {
		if strings.Contains(name, word) {
			return "antivirus"
		}
	}
	return ""
}
