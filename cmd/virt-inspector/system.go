package main

import "virt-tools/internal/facts"

// system is what is known of one operating system. Empty texts are unknown. The keys of the
// JSON are the names of the XML's elements; the manual page describes them: adding one is
// fine, changing or removing one breaks its readers.
type system struct {
	Root              string         `json:"root"`
	Name              string         `json:"name,omitempty"`
	Arch              string         `json:"arch,omitempty"`
	Distro            string         `json:"distro,omitempty"`
	ProductName       string         `json:"product_name,omitempty"`
	ProductVariant    string         `json:"product_variant,omitempty"`
	Major             int            `json:"major_version"`
	Minor             int            `json:"minor_version"`
	PackageFormat     string         `json:"package_format,omitempty"`
	PackageManagement string         `json:"package_management,omitempty"`
	SystemRoot        string         `json:"windows_systemroot,omitempty"`
	ControlSet        string         `json:"windows_current_control_set,omitempty"`
	GroupPolicy       bool           `json:"windows_group_policy,omitempty"`
	Hostname          string         `json:"hostname,omitempty"`
	BuildID           string         `json:"build_id,omitempty"`
	Osinfo            string         `json:"osinfo,omitempty"`
	Mountpoints       []mountpoint   `json:"mountpoints"`
	Filesystems       []filesystem   `json:"filesystems"`
	DriveMappings     []driveMapping `json:"drive_mappings,omitempty"`
	Applications      *[]application `json:"applications,omitempty"` // nil: not asked, or not to be had
	Snaps             []application  `json:"snaps,omitempty"`
	Flatpaks          []application  `json:"flatpaks,omitempty"`
	Icon              []byte         `json:"icon,omitempty"` // PNG; base64 in JSON
	Facts             *facts.Facts   `json:"facts,omitempty"`
}

type mountpoint struct {
	Device string `json:"dev"`
	Path   string `json:"path"`
}

type filesystem struct {
	Device string `json:"dev"`
	Type   string `json:"type,omitempty"`
	Label  string `json:"label,omitempty"`
	UUID   string `json:"uuid,omitempty"`
}

type driveMapping struct {
	Name   string `json:"name"`
	Device string `json:"dev"`
}

// application is one that is installed.
type application struct {
	Name        string `json:"name,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
	Epoch       int    `json:"epoch,omitempty"`
	Version     string `json:"version,omitempty"`
	Release     string `json:"release,omitempty"`
	Arch        string `json:"arch,omitempty"`
	InstallPath string `json:"install_path,omitempty"`
	Publisher   string `json:"publisher,omitempty"`
	URL         string `json:"url,omitempty"`
	Source      string `json:"source_package,omitempty"`
	Summary     string `json:"summary,omitempty"`
	Description string `json:"description,omitempty"`
}
