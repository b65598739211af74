package guests

// blanks are guests without a system.
func blanks() []Guest {
	return []Guest{
		{Name: "blank-disk", version: 1, mib: []int64{16}, Unknown: true},
		{Name: "blank-part", version: 1, mib: []int64{16}, Unknown: true, fill: func(b *builder) { b.table("/dev/sda", "gpt", 0) }},
		{Name: "blank-fs", version: 1, mib: []int64{32}, Unknown: true, fill: func(b *builder) {
			b.table("/dev/sda", "mbr", 0)
			b.mkfs("ext4", "/dev/sda1", "blank-fs")
		}},
		{Name: "blank-lvm", version: 1, mib: []int64{64}, Unknown: true, fill: func(b *builder) {
			b.lvm("blankvg", "/dev/sda", volume{"empty", 16}, volume{"swap", 16})
			b.mkfs("swap", "/dev/blankvg/swap", "blank-swap")
		}},
	}
}
