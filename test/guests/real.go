package guests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"virt-tools/pkg/guestfs"
)

// Trixie returns the image of a real Debian 13 on one ext4 partition.
func Trixie(ctx context.Context, log io.Writer) (string, error) {
	tree, err := DebianTree(ctx, "trixie", log)
	if err != nil {
		return "", err
	}
	return makeReal(ctx, "trixie-1.qcow2", "trixie", tree, log)
}

// Server returns the image of a real Debian 12 with nearly 300 packages, on
// one ext4 partition.
func Server(ctx context.Context, log io.Writer) (string, error) {
	include := "--include=" + strings.Join([]string{
		"autoconf", "build-essential", "cmake", "curl", "file", "git", "iptables", "locales", "lsof", "openssh-server", "perl", "postgresql-client", "python3", "python3-dev",
		"rsync", "strace", "subversion", "vim", "wget",
	}, ",")
	tree, err := debootstrap(ctx, "debian-bookworm-server.tar", "bookworm", log, include)
	if err != nil {
		return "", err
	}
	return makeReal(ctx, "server-1.qcow2", "server", tree, log)
}

// makeReal unpacks a tree onto a disk of its own.
func makeReal(ctx context.Context, name, hostname, tree string, log io.Writer) (string, error) {
	return makeOnce(name, func(temp string) error {
		fmt.Fprintln(log, "making the guest", hostname)
		if err := run(ctx, "qemu-img", "create", "-q", "-f", "qcow2", temp, "4G"); err != nil {
			return err
		}
		g := guestfs.New(nil)
		defer g.Close()
		if err := g.AddDrive(temp, &guestfs.AddDriveOpts{Format: "qcow2"}); err != nil {
			return err
		}
		if err := g.Launch(ctx); err != nil {
			return err
		}
		if err := partition(ctx, g, "/dev/sda", 4000); err != nil {
			return err
		}
		if err := errors.Join(g.Mkfs(ctx, "ext4", "/dev/sda1", &guestfs.MkfsOpts{Label: hostname}), g.Mount(ctx, "/dev/sda1", "/")); err != nil {
			return err
		}
		f, err := os.Open(tree)
		if err != nil {
			return err
		}
		defer f.Close()
		return errors.Join(
			g.TarIn(ctx, f, "/", nil),
			g.Write(ctx, "/etc/fstab", []byte("LABEL="+hostname+" / ext4 errors=remount-ro 0 1\n")),
			g.Write(ctx, "/etc/hostname", []byte(hostname+".example\n")),
			g.Shutdown(ctx),
		)
	})
}
