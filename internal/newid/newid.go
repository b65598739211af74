// Package newid replaces the identifiers of filesystems, partitions, volumes
// and arrays in what refers to them.
//
//	r := newid.New([]newid.Change{{Kind: newid.Filesystem, Old: "7c1a...", New: "90de..."}})
//	text, hits := r.Rewrite(fstab)
//
// An identifier is 128 bits nobody else has, so it is replaced wherever it
// stands: in fstab, on a kernel command line, in a unit's name, in a file of
// which this package knows nothing. Each has several spellings (with hyphens,
// without, with colons, with systemd's \x2d), and is written back in the one
// that it was found in. The identifiers of FAT and of an MBR have 32 bits
// only, which a date or a number could have too: they count behind the word
// "uuid" on their line.
//
// What is written has the length of what it replaces, so that it fits into a
// file whose layout must stay. The package does not change devices.
package newid

import (
	"bytes"
	"strings"
)

// Kind says what an identifier names. It decides the spellings.
type Kind string

// The kinds, as reports name them.
const (
	Filesystem  Kind = "filesystem" // ext, xfs, btrfs, swap, LUKS: a UUID
	FAT         Kind = "fat"        // ABCD-1234
	Encryption  Kind = "luks"
	Partition   Kind = "partition" // of a GPT
	Disk        Kind = "disk"      // a GPT's
	MBR         Kind = "mbr"       // 8 hexadecimal digits
	VolumeGroup Kind = "vg"        // LVM's: 38 characters of both cases
	PhysicalVol Kind = "pv"
	Array       Kind = "md" // 8:8:8:8
)

// Change is an identifier and what it becomes.
type Change struct {
	Kind   Kind   `json:"kind"`
	Device string `json:"device"`
	Old    string `json:"old"`
	New    string `json:"new"`
}

// Hit is a place where an identifier was replaced.
type Hit struct {
	Line     int // from 1; in a binary file it means nothing
	Old, New string
}

// spelling is one way to write an identifier.
type spelling struct {
	to      string
	isShort bool // 32 bits
	isLVM   bool // may be followed by the volume's, without anything between
}

// Rewriter replaces the identifiers of a list of changes. It may be used from
// several goroutines.
type Rewriter struct {
	fold    map[string]spelling // key in lower case
	exact   map[string]spelling
	lengths []int         // of the keys, the longest first
	starts  [1 << 16]bool // the first two bytes of the keys, in either case
}

// alnum says whether c can be part of an identifier, or of a longer word.
func alnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// pair numbers the first two bytes of a key.
func pair(a, b byte) int { return int(lower(a))<<8 | int(lower(b)) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// Rewrite returns text with the new identifiers in place of the old ones. Where
// there is nothing to replace it returns text itself.
func (r *Rewriter) Rewrite(text []byte) ([]byte, []Hit) {
	var out []byte
	var hits []Hit
	line, counted := 1, 0
	for i := 0; i < len(text); {
		s, n := r.at(text, i)
		if n == 0 {
			i++
			continue
		}
		if out == nil {
			out = bytes.Clone(text)
		}
		old := string(text[i : i+n])
		to := likeCase(old, s.to)
		copy(out[i:], to)
		line += bytes.Count(text[counted:i], []byte("\n"))
		counted = i
		hits = append(hits, Hit{Line: line, Old: old, New: to})
		i += n
	}
	if out == nil {
		return text, nil
	}
	return out, hits
}

// Holds says whether an old identifier stands in b.
func (r *Rewriter) Holds(b []byte) bool {
	for i := range b {
		if _, n := r.at(b, i); n > 0 {
			return true
		}
	}
	return false
}

// at returns the spelling that begins at text[i], and its length, or 0.
func (r *Rewriter) at(text []byte, i int) (spelling, int) {
	if !alnum(text[i]) || i > 0 && alnum(text[i-1]) && !bytes.HasSuffix(text[:i], []byte(`\x2d`)) && !bytes.HasSuffix(text[:i], []byte(`\x3d`)) {
		return spelling{}, 0
	}
	if i+1 == len(text) || !r.starts[pair(text[i], text[i+1])] {
		return spelling{}, 0
	}
	var key [maxSpelling]byte
	for _, n := range r.lengths {
		if i+n > len(text) {
			continue
		}
		old := text[i : i+n]
		s, ok := r.exact[string(old)]
		if !ok {
			for j, c := range old {
				key[j] = lower(c)
			}
			s, ok = r.fold[string(key[:n])]
		}
		if !ok || s.isShort && !afterUUID(text[:i]) {
			continue
		}
		if i+n < len(text) && alnum(text[i+n]) && !(s.isLVM && bytes.HasSuffix(text[:i], []byte("LVM-"))) {
			continue
		}
		return s, n
	}
	return spelling{}, 0
}

// maxContext bounds how far back in a line is looked, as a line may be a file.
const maxContext = 512

// afterUUID says whether "uuid" stands on the line that ends head.
func afterUUID(head []byte) bool {
	head = head[max(0, len(head)-maxContext):]
	head = head[bytes.LastIndexByte(head, '\n')+1:]
	return bytes.Contains(bytes.ToLower(head), []byte("uuid"))
}

// likeCase writes to in capitals where old is.
func likeCase(old, to string) string {
	if hex := strings.ReplaceAll(old, `\x2d`, ""); strings.ToLower(to) == to && strings.ToUpper(hex) == hex && strings.ToLower(hex) != hex {
		return strings.ReplaceAll(strings.ToUpper(to), `\X2D`, `\x2d`)
	}
	return to
}
