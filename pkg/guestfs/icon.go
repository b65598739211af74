package guestfs

import (
	"bytes"
	"context"
)

// InspectGetIconOpts are the options of InspectGetIcon.
type InspectGetIconOpts struct {
	NoFavicon   bool // do not take the guest's /etc/favicon.png (the opposite of favicon)
	HighQuality bool // highquality: none rather than a poor one
}

// iconMax bounds an icon: a megapixel with 4 bytes each.
const iconMax = 4 << 20

// InspectGetIcon calls inspect_get_icon: an icon of the system at root in PNG,
// or nothing if it has none. InspectOs must have found the root, and it must be
// mounted. The icon is what a file of the guest says, and as such not to be
// trusted.
func (g *Handle) InspectGetIcon(ctx context.Context, root Mountable, opts *InspectGetIconOpts) ([]byte, error) {
	if opts == nil {
		opts = &InspectGetIconOpts{}
	}
	buf := bytes.NewBuffer([]byte{})
	w := &limitWriter{op: "inspect_get_icon", w: buf, left: iconMax}
	if err := g.internalGetIcon(ctx, root, !opts.NoFavicon, opts.HighQuality, w); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
