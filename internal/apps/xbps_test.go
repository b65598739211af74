package apps

import (
	"strings"
	"testing"
)

const plist = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>_XBPS_ALTERNATIVES_</key>
	<dict>
		<key>sh</key>
		<array>
			<string>dash</string>
		</array>
	</dict>
	<key>bash</key>
	<dict>
		<key>architecture</key>
		<string>x86_64</string>
		<key>automatic-install</key>
		<true/>
		<key>conf_files</key>
		<array>
			<string>/etc/bash/bashrc</string>
		</array>
		<key>homepage</key>
		<string>http://www.gnu.org/software/bash/bash.html</string>
		<key>pkgver</key>
		<string>bash-5.2.21_1</string>
		<key>short_desc</key>
		<string>GNU Bourne &lt;Again&gt; &amp;lt; Shell</string>
		<key>state</key>
		<string>installed</string>
	</dict>
	<key>gst-plugins-base1</key>
	<dict>
		<key>pkgver</key>
		<string>gst-plugins-base1-1.22.9_2</string>
		<key>state</key>
		<string>installed</string>
	</dict>
	<key>half</key>
	<dict>
		<key>pkgver</key>
		<string>half-1_1</string>
		<key>state</key>
		<string>unpacked</string>
	</dict>
</dict>
</plist>
`

func TestXbps(t *testing.T) {
	want := []Application{
		{Name: "bash", Version: "5.2.21", Release: "1", Arch: "x86_64", URL: "http://www.gnu.org/software/bash/bash.html", Summary: "GNU Bourne <Again> &lt; Shell"},
		{Name: "gst-plugins-base1", Version: "1.22.9", Release: "2"},
	}
	file := xbpsFolder + "/pkgdb-0.38.plist"
	check(t, tree(file, plist, xbpsFolder+"/.bash-files.plist", "x"), System{Format: "xbps"}, want)
	check(t, tree(file, plist[:strings.Index(plist, "gst-plugins-base1-")]), System{Format: "xbps"}, want[:1],
		"applications: "+file+": it is cut short")
	check(t, tree(file, ""), System{Format: "xbps"}, nil)
	check(t, tree(), System{Format: "xbps"}, nil, "applications: var/db/xbps: no database of XBPS")
}

func FuzzXbps(f *testing.F) {
	f.Add(plist)
	f.Add("<dict><dict><key>pkgver</key><string>-_</string><key>state</key><string>installed</string></dict></array></x y=/><")
	f.Fuzz(func(t *testing.T, text string) {
		unchanging(t, tree(xbpsFolder+"/pkgdb-0.38.plist", text), System{Format: "xbps"})
	})
}
