// Package api is the call table: every libguestfs call with its number, its
// arguments, its result and how far the suite has it.
//
//	for _, c := range api.Calls() {
//		fmt.Println(c.Proc, c.Name, c.Status)
//	}
//
// The table is data. The generator in generate/ turns it into the client
// methods of pkg/guestfs, the dispatch of the daemon and the status list in
// docs. Names, numbers and kinds are libguestfs's own; a number is never
// reused and new calls are appended. Calls of our own start at ProcOwn.
//
// It is not the wire format (internal/wire) and holds no behaviour.
package api

import (
	"cmp"
	"slices"
)

//go:generate go run virt-tools/internal/api/generate

// ProcOwn is the first procedure number of calls that libguestfs does not
// have. They are sent only to a daemon that has said it knows them.
const ProcOwn = 10000

// Kind says what an argument means, which is more than its type on the wire:
// a Pathname is absolute and needs a mounted root, a Device must be a block
// device of the guest.
type Kind int

// The kinds of arguments and of elements of results.
const (
	String          Kind = iota // plain text
	OptString                   // plain text or nothing at all
	Bytes                       // bytes of any value
	Bool                        // true or false
	Int                         // 32 bits, signed
	Int64                       // 64 bits, signed
	StringList                  // list of plain texts
	Device                      // block device of the guest: /dev/sda1
	DeviceList                  // list of block devices
	Mountable                   // device, or btrfsvol:DEVICE/SUBVOLUME
	Pathname                    // absolute path in the guest
	PathnameList                // list of absolute paths in the guest
	DeviceOrPath                // Device when it begins with /dev/, else Pathname
	MountableOrPath             // Mountable or Pathname
	FilenameList                // list of names without a slash
	Key                         // secret: kept out of traces
	GUID                        // GUID in text form
	FileIn                      // file sent to the daemon in chunks
	FileOut                     // file received from the daemon in chunks
	Pointer                     // address in the caller's memory; never sent
)

// RetKind is the kind of a result.
type RetKind int

// The kinds of results.
const (
	RetErr        RetKind = iota // nothing, or an error
	RetInt                       // 32 bits, signed
	RetInt64                     // 64 bits, signed
	RetBool                      // true or false
	RetString                    // text
	RetStringList                // list of texts
	RetStruct                    // one structure
	RetStructList                // list of structures
	RetHashtable                 // pairs of texts, in order
	RetBuffer                    // bytes of any value
)

// Status says how far a call is built.
type Status int

// The states of a call.
const (
	Planned    Status = iota // not built
	Done                     // built and tested
	Partial                  // built; Note says what differs from libguestfs
	NotPlanned               // will not be built; Note says why
)

func (s Status) String() string {
	return [...]string{"planned", "done", "partial", "not planned"}[s]
}

// Side says where a call runs.
type Side int

// The sides of a call.
const (
	Daemon  Side = iota // in the appliance
	Library             // in the caller's process
)

// Arg is a named argument.
type Arg struct {
	Name string
	Kind Kind
}

// Ret is a result. Elem is the kind of the text or of the list's elements (of
// the keys, in a hash table), Value that of a hash table's values.
type Ret struct {
	Kind   RetKind
	Name   string
	Elem   Kind
	Value  Kind
	Struct string
}

// Call describes one call.
type Call struct {
	Name        string
	Proc        int // procedure number, 0 for Library calls
	Side        Side
	Args        []Arg
	Opts        []Arg    // optional arguments; the order gives the bit in the mask
	Explicit    []string // optional arguments whose zero value differs from leaving them out
	Ret         Ret
	Feature     string // group of calls that is available or not as one
	Progress    bool   // sends progress messages
	Cancellable bool
	Deprecated  bool
	Internal    bool   // not part of the public interface
	Since       string // libguestfs version that brought the call
	Status      Status
	Note        string // what differs, or why it is not planned
	Summary     string // one line: lower case, no full stop
	Group       string // file that holds the call, set by Calls
}

// Built tells whether the call can be used.
func (c *Call) Built() bool { return c.Status == Done || c.Status == Partial }

// Arg returns the first argument of the kind, or nil.
func (c *Call) Arg(k Kind) *Arg {
	for i := range c.Args {
		if c.Args[i].Kind == k {
			return &c.Args[i]
		}
	}
	return nil
}

// FieldKind is the kind of a field of a structure.
type FieldKind int

// The kinds of fields.
const (
	FieldString  FieldKind = iota // text
	FieldBuffer                   // bytes of any value
	FieldUUID                     // 32 characters
	FieldChar                     // one character
	FieldInt32                    // 32 bits, signed
	FieldUint32                   // 32 bits, unsigned
	FieldInt64                    // 64 bits, signed
	FieldUint64                   // 64 bits, unsigned
	FieldPercent                  // 0 to 100, or -1 when it does not apply
)

// Field is a field of a structure.
type Field struct {
	Name string
	Kind FieldKind
}

// Struct is a structure that calls return.
type Struct struct {
	Name   string
	GoName string
	Fields []Field
}

// Calls returns all calls, ordered by group, then by number and name.
func Calls() []Call {
	var all []Call
	for _, g := range groups {
		for _, c := range g.calls {
			c.Group = g.name
			all = append(all, c)
		}
	}
	return all
}

// ByProc returns the daemon's calls that are built, in the order of their
// numbers.
func ByProc() []Call {
	calls := slices.DeleteFunc(Calls(), func(c Call) bool {
		return c.Side != Daemon || !c.Built()
	})
	slices.SortFunc(calls, func(a, b Call) int { return cmp.Compare(a.Proc, b.Proc) })
	return calls
}
