package apps

import "testing"

const apkInstalled = `C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:alpine-baselayout
V:3.4.3-r1
A:x86_64
S:8911
I:331776
T:Alpine base dir structure and init scripts
U:https://git.alpinelinux.org/cgit/aports/tree/main/alpine-baselayout
L:GPL-2.0-only
o:alpine-baselayout
m:Natanael Copa <ncopa@alpinelinux.org>
F:dev
F:etc
R:motd
Z:Q1SLkS9hBidUbPwwrw+XR0Whv3ww8=

P:busybox
V:1.36.1-r5
A:x86_64
T:Size optimized toolbox

P:no-version
`

func TestApk(t *testing.T) {
	want := []Application{
		{Name: "alpine-baselayout", Version: "3.4.3", Release: "1", Arch: "x86_64", Description: "Alpine base dir structure and init scripts",
			URL: "https://git.alpinelinux.org/cgit/aports/tree/main/alpine-baselayout"},
		{Name: "busybox", Version: "1.36.1", Release: "5", Arch: "x86_64", Description: "Size optimized toolbox"},
	}
	check(t, tree(apkDatabases[0], apkInstalled), System{Format: "apk"}, want)
	check(t, tree(apkDatabases[1], apkInstalled), System{Format: "apk"}, want)
	check(t, tree(apkDatabases[0], "P:a\nV:1\nx\n\xff\xfe"), System{Format: "apk"}, []Application{{Name: "a", Version: "1"}},
		"applications: "+apkDatabases[0]+": 2 lines are none of apk's")
	check(t, tree(apkDatabases[0], ""), System{Format: "apk"}, nil)
}

func FuzzApk(f *testing.F) {
	f.Add(apkInstalled)
	f.Add("P:\nV:r\n\nP:a\nV:-r\nV:::-\nA\n")
	f.Fuzz(func(t *testing.T, text string) { unchanging(t, tree(apkDatabases[0], text), System{Format: "apk"}) })
}
