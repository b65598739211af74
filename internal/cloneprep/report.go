package cloneprep

import "slices"

// Report is what was done to a guest, in order.
type Report struct {
	Changes  []Entry  `json:"changes"`
	Kept     []Entry  `json:"kept"` // what another copy has too, with the reason
	Warnings []string `json:"warnings"`
}

// Entry is one change. Old and New are what was there and what is; they are
// empty for a file as a whole, and for secrets.
type Entry struct {
	Operation string `json:"operation"`
	Action    string `json:"action"`           // removed, created, changed, identifier, reference, kept
	Root      string `json:"root,omitempty"`   // the system's root, where it is about a file
	Path      string `json:"path,omitempty"`   // in the guest
	Line      int    `json:"line,omitempty"`   // in a text
	Device    string `json:"device,omitempty"` // whose identifier it is
	Kind      string `json:"kind,omitempty"`   // of the identifier
	Old       string `json:"old,omitempty"`
	New       string `json:"new,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

func (p *prep) add(e Entry) { p.report.Changes = append(p.report.Changes, e) }

func (p *prep) keep(e Entry) {
	e.Action = "kept"
	p.report.Kept = append(p.report.Kept, e)
}

// warn notes a warning once.
func (p *prep) warn(text string) {
	if !slices.Contains(p.report.Warnings, text) {
		p.report.Warnings = append(p.report.Warnings, text)
	}
}
