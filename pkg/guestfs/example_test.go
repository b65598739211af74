package guestfs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"strings"

	"virt-tools/pkg/guestfs"
)

// A disk is partitioned and filled, then read. A real program names an image:
// g.AddDrive("disk.qcow2", nil).
func Example() {
	ctx := context.Background()
	g := guestfs.New(nil)
	defer g.Close()
	if err := g.AddDriveScratch(64<<20, nil); err != nil {
		log.Fatal(err)
	}
	if err := g.Launch(ctx); err != nil {
		log.Fatal(err)
	}
	err := errors.Join(
		g.PartDisk(ctx, "/dev/sda", "gpt"),
		g.Mkfs(ctx, "ext4", "/dev/sda1", &guestfs.MkfsOpts{Label: "data"}),
		g.Mount(ctx, "/dev/sda1", "/"),
		g.Upload(ctx, strings.NewReader("hello\n"), "/greeting"),
	)
	if err != nil {
		log.Fatal(err)
	}
	filesystems, err := g.ListFilesystems(ctx)
	if err != nil {
		log.Fatal(err)
	}
	text, err := g.Cat(ctx, "/greeting")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(filesystems.Value("/dev/sda1"), strings.TrimSpace(text))
	// Shutdown flushes what was written and returns its errors; Close alone
	// drops them.
	if err := g.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: ext4 hello
}

// What is mounted is an fs.FS. An error of the guest compares as one of the
// host would.
func ExampleHandle_FS() {
	ctx := context.Background()
	g := guestfs.New(nil)
	defer g.Close()
	if err := g.AddDriveScratch(64<<20, nil); err != nil {
		log.Fatal(err)
	}
	if err := g.Launch(ctx); err != nil {
		log.Fatal(err)
	}
	err := errors.Join(
		g.Mkfs(ctx, "ext4", "/dev/sda", nil),
		g.Mount(ctx, "/dev/sda", "/"),
		g.MkdirP(ctx, "/etc/apt"),
		g.Write(ctx, "/etc/hostname", []byte("guest\n")),
	)
	if err != nil {
		log.Fatal(err)
	}
	guest := g.FS(ctx)
	err = fs.WalkDir(guest, "etc", func(path string, entry fs.DirEntry, err error) error {
		fmt.Println(path, entry.IsDir())
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = fs.ReadFile(guest, "etc/machine-id")
	fmt.Println("missing:", errors.Is(err, fs.ErrNotExist))
	// Output:
	// etc true
	// etc/apt true
	// etc/hostname false
	// missing: true
}
