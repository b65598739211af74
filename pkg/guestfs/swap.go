package guestfs

import "context"

// MkswapL calls mkswap_L: Mkswap with a label.
//
// Deprecated: Mkswap has an option for it.
func (g *Handle) MkswapL(ctx context.Context, label string, device Device) error {
	return g.Mkswap(ctx, device, &MkswapOpts{Label: label})
}

// MkswapU calls mkswap_U: Mkswap with a UUID.
//
// Deprecated: Mkswap has an option for it.
func (g *Handle) MkswapU(ctx context.Context, uuid string, device Device) error {
	return g.Mkswap(ctx, device, &MkswapOpts{Uuid: uuid})
}
