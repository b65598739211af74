#!/bin/sh
# Installs what is missing for the named sets of work: run, demo, check.
# Says what it installs and why. Does nothing, and needs no network, when all
# is there.
set -eu

# set | what must be there (command, or file when it has a slash) | Debian package | why
table='
run|qemu-system-x86_64|qemu-system-x86|runs the appliance
run|qemu-img|qemu-utils|makes and checks disk images
run|mke2fs|e2fsprogs|goes into the appliance: ext2, ext3, ext4
run|zerofree|zerofree|goes into the appliance: zeroes free blocks of ext
run|scrub|scrub|goes into the appliance: overwrites devices and files
run|lvm|lvm2|goes into the appliance: logical volumes
run|dmsetup|dmsetup|goes into the appliance: mapped devices
run|mdadm|mdadm|goes into the appliance: software RAID
run|cryptsetup|cryptsetup-bin|goes into the appliance: encrypted disks
run|mkfs.xfs|xfsprogs|goes into the appliance: xfs
run|mkfs.btrfs|btrfs-progs|goes into the appliance: btrfs
run|mkfs.vfat|dosfstools|goes into the appliance: FAT
run|mkfs.exfat|exfatprogs|goes into the appliance: exFAT
run|ntfs-3g|ntfs-3g|goes into the appliance: NTFS
run|mkfs.f2fs|f2fs-tools|goes into the appliance: F2FS
run|mksquashfs|squashfs-tools|goes into the appliance: SquashFS
run|sfdisk|fdisk|goes into the appliance: partition tables
run|parted|parted|goes into the appliance: partition tables
run|blkid|util-linux|goes into the appliance: what is on a device
run|grep|grep|goes into the appliance: regular expressions
run|file|file|goes into the appliance: kinds of files
run|bzip2|bzip2|goes into the appliance: packed archives
run|lzop|lzop|goes into the appliance: packed files
run|rsync|rsync|goes into the appliance: bringing directories into line
run|setfiles|policycoreutils|goes into the appliance: labels for SELinux
run|extlinux|extlinux|goes into the appliance: boot loader
run|syslinux|syslinux|goes into the appliance: boot loader for FAT
run|mtools|mtools|goes into the appliance: syslinux writes with it
demo|gcc|gcc|builds the look-up of domains of libvirt, without which all else works
demo|/usr/include/stdlib.h|libc6-dev|builds that look-up
demo|/usr/include/augeas.h|libaugeas-dev|builds, with gcc, the program for Augeas that goes into the appliance
demo|debootstrap|debootstrap|makes the Debian guest
check|virt-df|guestfs-tools|the reference that results are compared with
check|guestfish|guestfish|drives our appliance in the interoperation tests
check|libguestfs-test-tool|libguestfs-tools|checks our appliance as libguestfs does its own
check|/usr/include/guestfs.h|libguestfs-dev|a program on its C binding drives our appliance
check|/usr/lib/x86_64-linux-gnu/guestfs/supermin.d/packages-xfs|libguestfs-xfs|what xfs does in our appliance is compared with it
check|gcc|gcc|the race detector needs it
check|/usr/include/stdlib.h|libc6-dev|the race detector needs it
check|virsh|libvirt-clients|defines and starts the domains of the tests
check|/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so|libvirt-daemon-driver-qemu|runs the domains of the tests
check|/usr/share/doc/libvirt-daemon-system|libvirt-daemon-system|makes the user that the QEMU driver of libvirt wants to exist
check|mcopy|mtools|puts files on FAT images for the tests
check|sgdisk|gdisk|judges the GPTs that the tests write
check|groff|groff-base|checks the man pages
check|setfacl|acl|makes access control lists for the tests
check|mkreiserfs|reiserfsprogs|makes a filesystem for the tests
check|zstd|zstd|makes compressed kernels and archives for the tests
check|lz4|lz4|makes compressed kernels for the tests
check|xz|xz-utils|makes compressed kernels and archives for the tests
check|bzip2|bzip2|makes compressed kernels and archives for the tests
check|depmod|kmod|prepares the kernel of the reference
check|xorriso|xorriso|makes ISO images for the tests
check|zsh|zsh|checks the completion for zsh
check|fish|fish|checks the completion for fish
check|mandoc|mandoc|checks the man pages
check|compress|ncompress|packs files for the tests
check|strings|binutils|judges what the tests find in files
check|hivexsh|libhivex-bin|reads the registry hives back that the tests write
check|rpmbuild|rpm|makes and reads the rpm databases of tests
check|db_load|db-util|writes the Berkeley DB of tests
check|makefs|makefs|makes the UFS of a test guest
check|nbdkit|nbdkit|serves disks to the tests
check|/usr/sbin/sshd|openssh-server|serves disks to the tests
check|ssh-agent|openssh-client|holds the key for that server
check|/usr/share/doc/qemu-block-extra|qemu-block-extra|the part of QEMU for disks on web, SSH, iSCSI and Ceph servers
check|sqlite3|sqlite3|makes databases for the tests
check|hivexregedit|libwin-hivex-perl|exports and merges registry keys beside ours
check|xmllint|libxml2-utils|checks the reports of virt-inspector against their schemas
check|qemu-io|qemu-utils|writes into images as a guest would, for the tests
check|perl|perl-base|hashes passwords as the C library does, for the tests
check|cpio|cpio|reads the initramfs back in the tests
'

have() {
	case $1 in
	*/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ] ;;
	esac
}

packages= notes=
for wanted in "$@"; do
	while IFS='|' read -r set what package why; do
		[ "$set" = "$wanted" ] || continue
		have "$what" && continue
		case " $packages " in *" $package "*) continue ;; esac
		packages="$packages $package"
		notes="$notes  $package: $why
"
	done <<-END
	$table
	END
done
[ -n "$packages" ] || exit 0

echo "Missing, to be installed with apt-get:"
printf '%s' "$notes"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "error: there is no apt-get here; install what these Debian packages hold, then try again:$packages" >&2
	exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "error: not root and no sudo; as root run: apt-get install --no-install-recommends$packages" >&2
		exit 1
	fi
	sudo=sudo
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # packages is a list
if ! { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1 </dev/null; then
	tail -n 20 "$log" >&2
	echo "error: apt-get failed; its last lines are above" >&2
	exit 1
fi
