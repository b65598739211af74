package facts

import (
	"cmp"
	"io/fs"
	"strings"
)

// zone finds the time zone: where /etc/localtime leads, or what is written down.
func (r *reader) zone() {
	if target, err := fs.ReadLink(r.fsys, "etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(target, "zoneinfo/"); ok {
			r.f.TimeZone = clean(name)
			return
		}
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(r.file("etc/timezone")), "\n"); line != "" {
		r.f.TimeZone = clean(line)
		return
	}
	vars := assignments(r.file("etc/sysconfig/clock"))
	r.f.TimeZone = clean(cmp.Or(vars["ZONE"], vars["TIMEZONE"]))
}

// locale finds the language that programs are started with.
func (r *reader) locale() {
	for _, name := range []string{"etc/locale.conf", "etc/default/locale", "etc/sysconfig/i18n"} {
		vars := assignments(r.file(name))
		if lang := cmp.Or(vars["LC_ALL"], vars["LANG"]); lang != "" {
			r.f.Locale = clean(lang)
			return
		}
	}
	if lang := assignments(r.file("etc/sysconfig/language"))["RC_LANG"]; lang != "" {
		r.f.Locale = clean(lang)
	}
}
