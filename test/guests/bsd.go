package guests

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// bsds are systems whose filesystems Linux can only read. They are made on the
// host.
func bsds() []Guest {
	return []Guest{
		{Name: "freebsd", version: 2, disk: makeFreeBSD},
	}
}

// makeFreeBSD:
//
//	sda1  FreeBSD's boot code
//	sda2  /  UFS 1: makefs writes the superblock of UFS 2 where Linux does not
//	      look for it
func makeFreeBSD(ctx context.Context, image string) error {
	temp := image + ".tree"
	filesystem := image + ".ufs"
	defer os.RemoveAll(temp)
	defer os.Remove(filesystem)
	err := tree{
		"bin/ls": elf(x86_64), "bin/sh": elf(x86_64),
		"boot/loader": "loader\n", "boot/kernel/kernel": elf(x86_64), "boot/loader.conf": "autoboot_delay=3\n",
		"dev/": "", "tmp/": "", "usr/home/": "", "var/log/": "", "root/": "",
		"etc/freebsd-update.conf": "Components src world kernel\n",
		"etc/fstab":               "# Device\tMountpoint\tFStype\tOptions\tDump\tPass#\n/dev/ada0p2\t/\tufs\trw\t1\t1\n/dev/ada0p3\tnone\tswap\tsw\t0\t0\n",
		"etc/rc.conf":             "hostname=\"freebsd.invalid\"\nifconfig_em0=\"inet 192.0.2.30 netmask 255.255.255.0\"\ndefaultrouter=\"192.0.2.1\"\nsshd_enable=\"YES\"\n",
		"etc/motd":                "FreeBSD 13.2-RELEASE (GENERIC) releng/13.2-n254617-525ecfdad597\n\nWelcome to FreeBSD!\n",
		"etc/passwd":              "root:*:0:0:Charlie &:/root:/bin/csh\ntoor:*:0:0:Bourne-again Superuser:/root:\ndaemon:*:1:1:Owner:/root:/usr/sbin/nologin\n",
	}.writeTo(temp)
	if err != nil {
		return err
	}
	// 64 KiB for the boot code, then the filesystem.
	const ufsBytes = "32m"
	if err := errors.Join(
		run(ctx, "makefs", "-t", "ffs", "-o", "version=1", "-s", ufsBytes, filesystem, temp),
		run(ctx, "truncate", "-s", "40M", image),
	); err != nil {
		return err
	}
	table := "label: gpt\nfirst-lba: 34\nstart=40, size=128, type=83BD6B9D-7F41-11DC-BE0B-001560B84F0F\nstart=2048, size=65536, type=516E7CB6-6ECF-11D6-8FF8-00022D09712B\n"
	script := image + ".sfdisk"
	defer os.Remove(script)
	return errors.Join(
		os.WriteFile(script, []byte(table), 0o644),
		run(ctx, "/bin/sh", "-c", `/usr/sbin/sfdisk -q "$1" <"$2"`, "sfdisk", image, script),
		run(ctx, "dd", "if="+filesystem, "of="+image, "bs=1M", "seek=1", "conv=notrunc,sparse"),
	)
}

// writeTo makes the files in a folder of the host.
func (t tree) writeTo(dir string) error {
	for name, text := range t {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if target, isLink := strings.CutPrefix(text, "-> "); isLink {
			if err := os.Symlink(target, path); err != nil {
				return err
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
