package main

import (
	"fmt"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// tree gathers the files for --json and --yaml. The manual page describes the keys: adding one is
// fine, changing or removing one breaks its readers.
type tree struct {
	files []node
}

type node struct {
	Path     string `json:"path"`
	Raw      []byte `json:"path_base64,omitempty"` // where Path is not what it is, byte by byte
	Type     string `json:"type"`
	Mode     string `json:"mode"`
	Size     int64  `json:"size_bytes"`
	UID      int64  `json:"uid"`
	GID      int64  `json:"gid"`
	Accessed string `json:"accessed"`
	Modified string `json:"modified"`
	Changed  string `json:"changed"`
	Device   string `json:"device"`
	Inode    int64  `json:"inode"`
	Links    int64  `json:"links"`
	Special  string `json:"special_device,omitempty"`
	Blocks   int64  `json:"blocks"`
	Checksum string `json:"checksum,omitempty"`
	Target   string `json:"target,omitempty"`
}

var types = map[string]string{
	"-": "file", "d": "directory", "c": "character device", "b": "block device", "p": "pipe", "l": "link", "s": "socket", "u": "unknown",
}

func (t *tree) add(f *file) error {
	st := &f.stat
	n := node{
		Path:     f.path,
		Type:     types[kind(st.StMode)],
		Mode:     fmt.Sprintf("%04o", st.StMode&0o7777),
		Size:     st.StSize,
		UID:      st.StUid,
		GID:      st.StGid,
		Accessed: moment(st.StAtimeSec, st.StAtimeNsec),
		Modified: moment(st.StMtimeSec, st.StMtimeNsec),
		Changed:  moment(st.StCtimeSec, st.StCtimeNsec),
		Device:   device(st.StDev),
		Inode:    st.StIno,
		Links:    st.StNlink,
		Blocks:   st.StBlocks,
		Checksum: f.checksum,
		Target:   f.link,
	}
	if !utf8.ValidString(f.path) {
		n.Raw = []byte(f.path)
	}
	if f.is(unix.S_IFCHR) || f.is(unix.S_IFBLK) {
		n.Special = device(st.StRdev)
	}
	t.files = append(t.files, n)
	return nil
}

func moment(seconds, nanoseconds int64) string {
	return time.Unix(seconds, nanoseconds).UTC().Format(time.RFC3339Nano)
}

// report is what is written.
func (t *tree) report() any {
	if t.files == nil {
		t.files = []node{}
	}
	return struct {
		Files []node `json:"files"`
	}{t.files}
}
