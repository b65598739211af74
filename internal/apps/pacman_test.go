package apps

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

const desc = `%NAME%
acl

%VERSION%
1:2.3.2-1

%BASE%
acl

%DESC%
Access control list utilities

%URL%
https://savannah.nongnu.org/projects/acl

%ARCH%
x86_64

%LICENSE%
LGPL
%NAME%
GPL

%DEPENDS%
glibc
`

func TestPacman(t *testing.T) {
	acl := Application{Name: "acl", Epoch: 1, Version: "2.3.2", Release: "1", Arch: "x86_64",
		URL: "https://savannah.nongnu.org/projects/acl", Description: "Access control list utilities"}
	// libguestfs leaves a description of more than 8 KiB out.
	long := desc + strings.Repeat("a-dependency\n", 2000)
	for _, folder := range pacmanFolders {
		m := tree(folder+"/ALPM_DB_VERSION", "9\n", folder+"/acl-2.3.2-1/desc", long)
		check(t, m, System{Format: "pacman"}, []Application{acl})
	}
	dir := pacmanFolders[0]
	m := tree(dir+"/acl/desc", desc, dir+"/empty/desc", "", dir+"/gone/files", "")
	m[dir+"/fifo/desc"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	m[dir+"/huge/desc"] = &fstest.MapFile{Data: make([]byte, maxSmallFile+1)}
	check(t, m, System{Format: "pacman"}, []Application{acl},
		"applications: "+dir+"/empty: no package is described there",
		"applications: open "+dir+"/fifo/desc: not a regular file",
		"applications: open "+dir+"/gone/desc: file does not exist",
		"applications: read "+dir+"/huge/desc: unreasonably large")
}

func FuzzPacman(f *testing.F) {
	f.Add(desc)
	f.Add("%NAME%\n\n%VERSION%\n-\n%DESC%")
	f.Fuzz(func(t *testing.T, text string) {
		unchanging(t, tree(pacmanFolders[0]+"/x/desc", text), System{Format: "pacman"})
	})
}
