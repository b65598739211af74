package newid

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxSpelling is the longest of them: LVM's with its six hyphens escaped.
const maxSpelling = 38 + 6*3

var forms = map[Kind]*regexp.Regexp{
	Filesystem:  regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`),
	FAT:         regexp.MustCompile(`^[0-9a-fA-F]{4}-[0-9a-fA-F]{4}$`),
	MBR:         regexp.MustCompile(`^[0-9a-fA-F]{8}$`),
	VolumeGroup: regexp.MustCompile(`^[0-9a-zA-Z]{6}(-[0-9a-zA-Z]{4}){5}-[0-9a-zA-Z]{6}$`),
	Array:       regexp.MustCompile(`^[0-9a-fA-F]{8}(:[0-9a-fA-F]{8}){3}$`),
}

func (k Kind) form() *regexp.Regexp {
	switch k {
	case Encryption, Partition, Disk:
		return forms[Filesystem]
	case PhysicalVol:
		return forms[VolumeGroup]
	}
	return forms[k]
}

// Valid says whether id is written as an identifier of the kind is.
func (k Kind) Valid(id string) bool {
	form := k.form()
	return form != nil && form.MatchString(id)
}

// Random returns a new identifier of the kind. LVM makes its own.
func (k Kind) Random() string {
	var b [16]byte
	rand.Read(b[:])
	switch k {
	case FAT:
		return fmt.Sprintf("%X-%X", b[:2], b[2:4])
	case MBR:
		b[0] |= 1 // never 0, which means that there is none
		return hex.EncodeToString(b[:4])
	case Array:
		return fmt.Sprintf("%x:%x:%x:%x", b[:4], b[4:8], b[8:12], b[12:])
	}
	b[6] = b[6]&0x0f | 0x40 // version 4
	b[8] = b[8]&0x3f | 0x80
	return hyphens(hex.EncodeToString(b[:]))
}

// hyphens writes 32 hexadecimal digits as a UUID.
func hyphens(d string) string {
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:]
}

// New returns a Rewriter for the changes. A change whose identifiers have not
// the form of their kind, or are the same, is left out.
func New(changes []Change) *Rewriter {
	r := &Rewriter{fold: map[string]spelling{}, exact: map[string]spelling{}}
	for _, c := range changes {
		if c.Kind.Valid(c.Old) && c.Kind.Valid(c.New) && !strings.EqualFold(c.Old, c.New) {
			r.add(c)
		}
	}
	seen := map[int]bool{}
	for _, m := range []map[string]spelling{r.fold, r.exact} {
		for key := range m {
			r.starts[pair(key[0], key[1])] = true
			if !seen[len(key)] {
				seen[len(key)] = true
				r.lengths = append(r.lengths, len(key))
			}
		}
	}
	slices.Sort(r.lengths)
	slices.Reverse(r.lengths)
	return r
}

// add enters all spellings of a change.
func (r *Rewriter) add(c Change) {
	switch c.Kind {
	case VolumeGroup, PhysicalVol:
		r.exact[c.Old] = spelling{to: c.New}
		r.exact[escape(c.Old)] = spelling{to: escape(c.New)}
		// As the kernel names volumes: LVM- and the identifiers of group and volume.
		r.exact[bare(c.Old)] = spelling{to: bare(c.New), isLVM: true}
		return
	case FAT, MBR:
		r.set(c.Old, c.New, true)
		r.set(escape(c.Old), escape(c.New), true)
		return
	case Array:
		r.set(c.Old, c.New, false)
		c.Old, c.New = hyphens(bare(c.Old)), hyphens(bare(c.New)) // as blkid has it
	}
	r.set(c.Old, c.New, false)
	r.set(escape(c.Old), escape(c.New), false)
	r.set(bare(c.Old), bare(c.New), false)
}

func (r *Rewriter) set(old, to string, isShort bool) {
	r.fold[strings.ToLower(old)] = spelling{to: strings.ToLower(to), isShort: isShort}
}

// escape writes hyphens as systemd does in the names of units.
func escape(id string) string { return strings.ReplaceAll(id, "-", `\x2d`) }

// bare leaves out what separates the groups.
func bare(id string) string { return strings.NewReplacer("-", "", ":", "").Replace(id) }
