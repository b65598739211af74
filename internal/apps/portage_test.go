package apps

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPortage(t *testing.T) {
	m := tree(
		portageFolder+"/app-shells/bash-5.2_p26-r6/DESCRIPTION", "The standard GNU Bourne again shell\n",
		portageFolder+"/app-shells/bash-5.2_p26-r6/HOMEPAGE", "https://tiswww.case.edu/php/chet/bash/bashtop.html https://git.savannah.gnu.org/cgit/bash.git\n",
		portageFolder+"/app-shells/bash-5.2_p26-r6/CHOST", "x86_64-pc-linux-gnu\n",
		portageFolder+"/media-libs/gst-plugins-bad-1.22.3/PF", "gst-plugins-bad-1.22.3\n",
		portageFolder+"/dev-libs/openssl-1.1.1w/SLOT", "0\n",
		portageFolder+"/dev-libs/-MERGING-zlib-1.3/SLOT", "0\n",
		portageFolder+"/dev-libs/.hidden", "",
		portageFolder+"/dev-libs/noversion/SLOT", "",
		portageFolder+"/.cache/x-1/SLOT", "",
	)
	want := []Application{
		{Name: "app-shells/bash", Version: "5.2_p26", Release: "6", Arch: "x86_64", Summary: "The standard GNU Bourne again shell",
			URL: "https://tiswww.case.edu/php/chet/bash/bashtop.html"},
		{Name: "dev-libs/openssl", Version: "1.1.1w"},
		{Name: "media-libs/gst-plugins-bad", Version: "1.22.3"},
	}
	check(t, m, System{Format: "ebuild"}, want)
	pipe := portageFolder + "/dev-libs/openssl-1.1.1w/CHOST"
	m[pipe] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	check(t, m, System{Format: "ebuild"}, want, "applications: open "+pipe+": not a regular file")
	check(t, tree(), System{Format: "ebuild"}, nil, "applications: var/db/pkg: no database of Portage")
}

func FuzzPortage(f *testing.F) {
	f.Add("bash-5.2_p26-r6", "text\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		if name = "dev-libs/" + name; !fs.ValidPath(name) || strings.Contains(name, "\x00") {
			t.Skip("no name of a file")
		}
		unchanging(t, tree(portageFolder+"/"+name+"/DESCRIPTION", text), System{Format: "ebuild"})
	})
}
