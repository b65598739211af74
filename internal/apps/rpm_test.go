package apps

import (
	"encoding/binary"
	"io/fs"
	"testing"
	"testing/fstest"
)

// ndb is a database of RPM with one package, in the kind that is simplest to
// write; package rpmdb tests the others.
func ndb(name string) *fstest.MapFile {
	var index, data []byte
	for i, text := range []string{name, "1.2", "3.el9", "a summary", "noarch"} {
		tag := []uint32{1000, 1001, 1002, 1004, 1022}[i]
		for _, v := range []uint32{tag, 6, uint32(len(data)), 1} {
			index = binary.BigEndian.AppendUint32(index, v)
		}
		data = append(data, text+"\x00"...)
	}
	header := binary.BigEndian.AppendUint32(nil, 5)
	header = binary.BigEndian.AppendUint32(header, uint32(len(data)))
	header = append(append(header, index...), data...)
	b := make([]byte, 4096+512)
	copy(b, "RpmP")
	for at, v := range map[int]uint32{12: 1, 16: 2, 36: 1, 40: 256, 44: 32, 4100: 1, 4108: uint32(len(header))} {
		binary.LittleEndian.PutUint32(b[at:], v)
	}
	for at := 32; at < 4096; at += 16 {
		copy(b[at:], "Slot")
	}
	copy(b[4096:], "BlbS")
	copy(b[4112:], header)
	return &fstest.MapFile{Data: b}
}

func TestRPM(t *testing.T) {
	want := []Application{{Name: "a", Version: "1.2", Release: "3.el9", Arch: "noarch", Summary: "a summary"}}
	sys := System{Format: "rpm"}
	for _, folder := range rpmFolders {
		check(t, fstest.MapFS{folder + "/Packages.db": ndb("a"), folder + "/.rpm.lock": {}}, sys, want)
	}
	// One that has packages counts before one that has none or is damaged.
	check(t, fstest.MapFS{"var/lib/rpm/rpmdb.sqlite": {}, "var/lib/rpm/Packages.db": ndb("a"), "var/lib/rpm/Packages": ndb("b")}, sys, want,
		"applications: var/lib/rpm/rpmdb.sqlite: not a database of RPM: it has 0 bytes")
	pipe := &fstest.MapFile{Mode: fs.ModeNamedPipe}
	check(t, fstest.MapFS{"var/lib/rpm/Packages": pipe, "usr/share/rpm/Packages.db": ndb("a")}, sys, want,
		"applications: open var/lib/rpm/Packages: not a regular file")
	check(t, fstest.MapFS{"var/lib/rpm/rpmdb.sqlite": ndb("b"), "var/lib/rpm/rpmdb.sqlite-wal": pipe}, sys, nil,
		"applications: open var/lib/rpm/rpmdb.sqlite-wal: not a regular file")
	check(t, fstest.MapFS{}, sys, nil, "applications: no database of RPM")
}
