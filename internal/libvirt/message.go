package libvirt

// The library and virt-tools-libvirt speak JSON, one line a message: a Request, then its
// Answer, then the next. The end of the requests ends the program, which first thaws what
// it has frozen.

// Operations of a Request.
const (
	OpOpen   = "open"   // URI
	OpList   = "list"   // all domains, active and not
	OpDomain = "domain" // Name: a UUID or a name, the UUID first
	OpVolume = "volume" // Pool, Name
	OpSecret = "secret" // Secret
	OpFreeze = "freeze" // Name: a UUID
	OpThaw   = "thaw"   // Name: a UUID
)

// Request is what the library wants.
type Request struct {
	Op       string
	URI      string     `json:",omitempty"`
	Name     string     `json:",omitempty"`
	NameOnly bool       `json:",omitempty"`
	Pool     string     `json:",omitempty"`
	Secret   *SecretRef `json:",omitempty"`
}

// Answer holds what the operation gives, or an error.
type Answer struct {
	Error   *Error   `json:",omitempty"`
	URI     string   `json:",omitempty"` // of the connection, as libvirt has completed it
	Host    string   `json:",omitempty"` // on which libvirt runs
	Domains []Domain `json:",omitempty"`
	Volume  *Volume  `json:",omitempty"`
	Value   []byte   `json:",omitempty"` // of a secret
}

// Domain is a guest that libvirt knows.
type Domain struct {
	Name, UUID string
	State      string // "shut off", "running", "paused", ...
	Saved      bool   // its memory is saved: starting it goes on from there
	XML        string `json:",omitempty"` // not in a list
}

// Active tells whether the domain may be using its disks.
func (d *Domain) Active() bool { return d.State != StateShutOff }

// StateShutOff is the state of a domain that does not run.
const StateShutOff = "shut off"

// Volume is a disk in a storage pool.
type Volume struct {
	Path    string
	XML     string
	PoolXML string
}

// SecretRef names a secret.
type SecretRef struct {
	UUID  string
	Type  string // of the usage: ceph, iscsi, volume, ...
	Usage string
}

// Codes of an Error that somebody branches on.
const (
	CodeMissing  = "missing"   // libvirt is not installed
	CodeConnect  = "connect"   // no connection
	CodeNoDomain = "no domain" // or it has gone since it was listed
	CodeLost     = "lost"      // the connection broke
)

// Error is libvirt's, in its words.
type Error struct {
	Code string
	Text string
}

func (e *Error) Error() string { return e.Text }
