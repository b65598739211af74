package guestfs

import (
	"context"
	"errors"
	"syscall"
)

// Lxattrlist calls lxattrlist: for each name an entry without a name, whose
// value is the number of attributes and a NUL byte, or nothing when they
// cannot be read; then the attributes.
func (g *Handle) Lxattrlist(ctx context.Context, path Path, names []string) ([]XAttr, error) {
	var all []XAttr
	for batch := 500; len(names) > 0; {
		n := min(len(names), batch)
		list, err := g.internalLxattrlist(ctx, path, names[:n])
		if errors.Is(err, syscall.EMSGSIZE) && n > 1 {
			batch = n / 2
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			all = append(all, XAttr(x))
		}
		names = names[n:]
	}
	return all, nil
}
