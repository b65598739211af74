package apps

import (
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
)

const metainfo = `<?xml version="1.0" encoding="UTF-8"?>
<!-- <name>comment</name> -->
<component type="desktop-application">
  <id>org.gnome.Maps</id>
  <name xml:lang="de">Karten</name>
  <name>Maps &amp; more</name>
  <developer id="org.gnome"><name>The GNOME Project</name></developer>
  <summary>Find places</summary>
  <summary xml:lang="de">Orte finden</summary>
  <description><p>Long.</p><name>not this</name></description>
  <url type="bugtracker">https://example.com/bugs</url>
  <url type="homepage">https://apps.gnome.org/Maps</url>
  <provides/>
  <releases>
    <release version="47.2" date="2024-11-23"/>
    <release version="47.1" date="2024-10-13"><description/></release>
  </releases>
</component>
`

func TestFlatpak(t *testing.T) {
	maps := flatpakSystem + "/app/org.gnome.Maps/x86_64/stable"
	m := tree(
		maps+"/active/files/share/metainfo/org.gnome.Maps.metainfo.xml", metainfo,
		maps+"/0123abcd/metadata", "",
		flatpakSystem+"/app/org.gnome.Maps/current/stable/active/metadata", "",
		flatpakSystem+"/runtime/org.gnome.Platform/x86_64/47/active/metadata", "",
		flatpakSystem+"/runtime/org.gnome.Platform/x86_64/46/old/metadata", "",
		"home/alice/"+flatpakUser+"/app/org.x.Y/aarch64/beta/active/files/share/appdata/org.x.Y.appdata.xml", "<component><name>Y</name><release\n version='1'/>",
		"home/bob/x", "",
	)
	want := []Application{
		{Name: "org.gnome.Maps", DisplayName: "Maps & more", Version: "47.2", Release: "stable", Arch: "x86_64", Publisher: "The GNOME Project",
			InstallPath: "/" + maps + "/active", URL: "https://apps.gnome.org/Maps", Summary: "Find places"},
		{Name: "org.gnome.Platform", Release: "47", Arch: "x86_64", InstallPath: "/var/lib/flatpak/runtime/org.gnome.Platform/x86_64/47/active"},
		{Name: "org.x.Y", DisplayName: "Y", Version: "1", Release: "beta", Arch: "aarch64", InstallPath: "/home/alice/.local/share/flatpak/app/org.x.Y/aarch64/beta/active"},
	}
	check(t, m, System{Kind: Flatpaks, Format: "deb"}, want)
	check(t, tree(), System{Kind: Flatpaks}, nil)
	pipe := maps + "/active/files/share/metainfo/org.gnome.Maps.metainfo.xml"
	m[pipe] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	want[0] = Application{Name: "org.gnome.Maps", Release: "stable", Arch: "x86_64", InstallPath: "/" + maps + "/active"}
	check(t, m, System{Kind: Flatpaks}, want, "applications: open "+pipe+": not a regular file")
}

func FuzzMetainfo(f *testing.F) {
	f.Add(metainfo)
	f.Add("<a><a><a/></b></b></b><release version=")
	f.Fuzz(func(t *testing.T, text string) {
		var a Application
		a.describe(text)
	})
}

func TestSnap(t *testing.T) {
	link := func(to string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink} }
	m := tree(
		snapFiles+"/core22_1981.snap", "", snapFiles+"/core22_864.snap", "", snapFiles+"/firefox_5239.snap", "", snapFiles+"/local_x2.snap", "",
		snapFiles+"/local_x10.snap", "", snapFiles+"/partial", "", snapFiles+"/_1.snap", "", snapFiles+"/bad_y.snap", "",
	)
	m["snap/core22/current"] = link("864")
	m["var/lib/snapd/snap/firefox/current"] = link("5239")
	m["snap/bad/current"] = link("../../etc")
	want := []Application{
		{Name: "bad", Release: "y"},
		{Name: "core22", Release: "864", InstallPath: "/snap/core22/864"},
		{Name: "firefox", Release: "5239", InstallPath: "/var/lib/snapd/snap/firefox/5239"},
		{Name: "local", Release: "x10"},
	}
	check(t, m, System{Kind: Snaps, Format: "deb"}, want)
	check(t, tree(), System{Kind: Snaps}, nil)
	if kinds := []Kind{Packages, Snaps, Flatpaks}; slices.ContainsFunc(kinds, func(k Kind) bool { return !k.Known() }) || Kind("other").Known() {
		t.Error("kinds are not known, or others are")
	}
}
