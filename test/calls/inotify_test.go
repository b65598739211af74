package calls

import (
	"io/fs"
	"syscall"
	"testing"

	"virt-tools/pkg/guestfs"
)

func TestInotify(t *testing.T) {
	ctx, g := filesystem(t)
	const create, modify, closeWrite = 0x100, 0x2, 0x8
	must(t, g.Mkdir(ctx, "/d"))
	wantErr(t, g.InotifyClose(ctx), syscall.EINVAL)
	_, err := g.InotifyRead(ctx)
	wantErr(t, err, syscall.EINVAL)
	must(t, g.InotifyInit(ctx, 1000))
	wd, err := g.InotifyAddWatch(ctx, "/d", create|closeWrite)
	must(t, err)
	events, err := g.InotifyRead(ctx)
	must(t, err)
	same(t, "events before any", len(events), 0)
	must(t, g.Write(ctx, "/d/b", []byte("x")))
	events, err = g.InotifyRead(ctx)
	must(t, err)
	same(t, "inotify_read", events, []guestfs.INotifyEvent{{InWd: wd, InMask: create, InName: "b"}, {InWd: wd, InMask: closeWrite, InName: "b"}})
	must(t, g.Write(ctx, "/d/b", []byte("x")))
	must(t, g.Write(ctx, "/d/a", []byte("x")))
	names, err := g.InotifyFiles(ctx)
	must(t, err)
	same(t, "inotify_files", names, []string{"a", "b"})
	_, err = g.InotifyAddWatch(ctx, "/none", modify)
	wantErr(t, err, fs.ErrNotExist)
	must(t, g.InotifyRmWatch(ctx, int(wd)))
	wantErr(t, g.InotifyRmWatch(ctx, int(wd)), syscall.EINVAL)
	must(t, g.InotifyInit(ctx, 0)) // starts anew
	must(t, g.InotifyClose(ctx))
	wantErr(t, g.InotifyInit(ctx, -1), syscall.EINVAL)
}
