package calls

import (
	"io/fs"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestSwap(t *testing.T) {
	ctx, g := filesystem(t)
	sdb := disk(1)
	must(t, g.Mkswap(ctx, sdb, nil))
	must(t, g.SwaponDevice(ctx, sdb))
	wantErr(t, g.SwaponDevice(ctx, sdb), syscall.EBUSY)
	must(t, g.SwapoffDevice(ctx, sdb))
	wantErr(t, g.SwapoffDevice(ctx, sdb), syscall.EINVAL)

	must(t, g.MkswapL(ctx, "swap-label", sdb))
	must(t, g.SwaponLabel(ctx, "swap-label"))
	must(t, g.SwapoffLabel(ctx, "swap-label"))
	must(t, g.MkswapU(ctx, newUUID, sdb))
	must(t, g.SwaponUuid(ctx, newUUID))
	must(t, g.SwapoffUuid(ctx, newUUID))
	wantErr(t, g.SwaponLabel(ctx, "none"), fs.ErrNotExist)
	wantErr(t, g.SwaponUuid(ctx, "none"), fs.ErrNotExist)

	must(t, g.Fallocate64(ctx, "/swap", 1<<20))
	must(t, g.MkswapFile(ctx, "/swap"))
	must(t, g.SwaponFile(ctx, "/swap"))
	must(t, g.SwapoffFile(ctx, "/swap"))
	wantErr(t, g.SwapoffFile(ctx, "/swap"), syscall.EINVAL)
	wantErr(t, g.SwaponFile(ctx, "/none"), fs.ErrNotExist)
	wantErr(t, g.MkswapFile(ctx, "/"), syscall.EISDIR)
	must(t, g.MknodB(ctx, 0o600, 8, 16, "/node")) // not a way to the appliance's devices
	wantErr(t, g.SwaponFile(ctx, "/node"), syscall.EINVAL)
	kind, err := g.VfsType(ctx, guestfs.Mountable(sdb))
	must(t, err)
	same(t, "vfs_type", kind, "swap")
}
