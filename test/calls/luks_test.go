package calls

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

// TestLUKS goes through few keys, since each takes seconds: a device with two keys, one of which has a newline and bytes that
// are no text.
func TestLUKS(t *testing.T) {
	ctx, g := shared(t)
	const first, second = "first key", "second\nkey\xff"
	must(t, g.PartInit(ctx, disk(0), "gpt"))
	must(t, g.PartAdd(ctx, disk(0), "p", 2048, 131071))
	dev := guestfs.Device("/dev/sda1")
	const mapped = "/dev/mapper/secret"
	must(t, g.LuksFormat(ctx, dev, first, 0))
	kind, err := g.VfsType(ctx, guestfs.Mountable(dev))
	must(t, err)
	same(t, "type", kind, "crypto_LUKS")
	id, err := g.LuksUuid(ctx, dev)
	must(t, err)
	uuid, err := g.VfsUuid(ctx, guestfs.Mountable(dev))
	must(t, err)
	same(t, "luks_uuid", id, uuid)

	must(t, g.CryptsetupOpen(ctx, dev, first, "secret", nil))
	const newID = "11111111-aaaa-4bbb-8ccc-0123456789ab"
	must(t, g.LuksSetUuid(ctx, dev, newID)) // while it is open
	id, err = g.LuksUuid(ctx, dev)
	must(t, err)
	same(t, "luks_uuid after luks_set_uuid", id, newID)
	wantErr(t, g.LuksSetUuid(ctx, dev, "--help"), syscall.EINVAL)
	wantErr(t, g.LuksSetUuid(ctx, mapped, newID), syscall.EINVAL)
	must(t, g.Mkfs(ctx, "ext4", mapped, nil))
	must(t, g.Mount(ctx, mapped, "/"))
	must(t, g.Write(ctx, "/file", []byte("hidden")))
	wantErr(t, g.CryptsetupClose(ctx, mapped), syscall.EBUSY)
	wantErr(t, g.CryptsetupOpen(ctx, dev, first, "secret", nil), fs.ErrExist)
	must(t, g.UmountAll(ctx))
	must(t, g.CryptsetupClose(ctx, mapped))

	must(t, g.LuksAddKey(ctx, dev, first, second, 3))
	must(t, g.LuksOpenRo(ctx, dev, second, "secret"))
	must(t, g.MountRo(ctx, mapped, "/"))
	text, err := g.Cat(ctx, "/file")
	must(t, err)
	same(t, "file", text, "hidden")
	must(t, g.UmountAll(ctx))
	ro, err := g.BlockdevGetro(ctx, mapped)
	must(t, err)
	same(t, "read-only", ro, true)
	must(t, g.LuksClose(ctx, mapped))
	must(t, g.LuksKillSlot(ctx, dev, second, 0))
	wantErr(t, g.LuksOpen(ctx, dev, first, "secret"), fs.ErrPermission)

	// What is in it can be LVM.
	must(t, g.LuksFormatCipher(ctx, dev, first, 1, "aes-cbc-essiv:sha256"))
	must(t, g.LuksOpen(ctx, dev, first, "secret"))
	must(t, g.Pvcreate(ctx, mapped))
	must(t, g.Vgcreate(ctx, "vg", []guestfs.Device{mapped}))
	must(t, g.LvcreateFree(ctx, "lv", "vg", 100))
	lvs, err := g.Lvs(ctx)
	must(t, err)
	same(t, "lvs", lvs, []guestfs.Device{"/dev/vg/lv"})
	must(t, g.VgActivateAll(ctx, false))
	must(t, g.CryptsetupClose(ctx, mapped))
}

func TestLUKSErrors(t *testing.T) {
	ctx, g := shared(t)
	must(t, g.Mkfs(ctx, "ext4", disk(1), nil))
	_, err := g.LuksUuid(ctx, disk(1))
	wantErr(t, err, syscall.EINVAL)
	for what, err := range map[string]error{
		"not encrypted": g.CryptsetupOpen(ctx, disk(1), "key", "x", nil),
		"slot":          g.LuksFormat(ctx, disk(0), "key", 32),
		"negative slot": g.LuksKillSlot(ctx, disk(0), "key", -1),
		"option":        g.CryptsetupOpen(ctx, disk(1), "key", "--help", nil),
		"path":          g.CryptsetupOpen(ctx, disk(1), "key", "../x", nil),
		"control":       g.CryptsetupOpen(ctx, disk(1), "key", "control", nil),
		"not mapped":    g.CryptsetupClose(ctx, disk(0)),
	} {
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: error %v; want EINVAL", what, err)
		}
	}
}
