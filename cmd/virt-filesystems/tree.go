package main

// tree is what --json and --yaml write: a list for each group that was asked for. The manual
// page describes the keys: adding one is fine, changing or removing one breaks its readers.
type tree struct {
	Guest       string       `json:"guest"`
	Filesystems []filesystem `json:"filesystems,omitzero"`
	Volumes     []block      `json:"logical_volumes,omitzero"`
	Groups      []block      `json:"volume_groups,omitzero"`
	Physical    []block      `json:"physical_volumes,omitzero"`
	Partitions  []partition  `json:"partitions,omitzero"`
	Devices     []block      `json:"devices,omitzero"`
}

// block is what all of them have.
type block struct {
	Name      string   `json:"name"`
	SizeBytes *int64   `json:"size_bytes"` // null: it has none of its own
	UUID      string   `json:"uuid"`
	Parents   []string `json:"parents"`
}

type filesystem struct {
	block
	Type  string `json:"type"`
	Label string `json:"label"`
}

type partition struct {
	block
	MBRType *string `json:"mbr_type"` // two hexadecimal digits; null: its table is not an MBR
}

func (o *options) tree(rows []row) tree {
	t := tree{Guest: o.Name()}
	// A list that was asked for is there also when it is empty.
	s := o.selection()
	start(s.filesystems, &t.Filesystems)
	start(s.volumes, &t.Volumes)
	start(s.groups, &t.Groups)
	start(s.physical, &t.Physical)
	start(s.partitions, &t.Partitions)
	start(s.devices, &t.Devices)
	for _, r := range rows {
		b := newBlock(r)
		switch r.kind {
		case "filesystem":
			t.Filesystems = append(t.Filesystems, filesystem{b, r.vfs, r.label})
		case "lv":
			t.Volumes = append(t.Volumes, b)
		case "vg":
			t.Groups = append(t.Groups, b)
		case "pv":
			t.Physical = append(t.Physical, b)
		case "partition":
			p := partition{block: b}
			if r.mbr >= 0 {
				text := mbrText(r.mbr)
				p.MBRType = &text
			}
			t.Partitions = append(t.Partitions, p)
		case "device":
			t.Devices = append(t.Devices, b)
		}
	}
	return t
}

func start[T any](chosen bool, list *[]T) {
	if chosen {
		*list = []T{}
	}
}

func newBlock(r row) block {
	b := block{Name: r.name, UUID: r.uuid, Parents: r.parents}
	if r.kind == "vg" || r.kind == "pv" {
		b.UUID = hyphenated(r.uuid)
	}
	if b.Parents == nil {
		b.Parents = []string{}
	}
	if r.size >= 0 {
		b.SizeBytes = &r.size
	}
	return b
}

// hyphenated is a UUID of LVM as LVM writes it; other text stays as it is.
func hyphenated(uuid string) string {
	if len(uuid) != 32 {
		return uuid
	}
	out := uuid[:6]
	for at := 6; at < 26; at += 4 {
		out += "-" + uuid[at:at+4]
	}
	return out + "-" + uuid[26:]
}
