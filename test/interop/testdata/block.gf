# block devices: disks, partitions, LVM, RAID, filesystems on them
add-drive a.img format:raw label:first
add-drive b.img format:raw label:second
add-drive c.img format:raw
add-drive d.img format:raw readonly:true
run

# the daemon
ping-daemon
echo-daemon "one two three"
echo-daemon ""
version
available "lvm2 mdadm"
available nosuchgroup
feature-available "lvm2 wipefs gdisk"
feature-available nosuchgroup
filesystem-available ext4
filesystem-available nosuch
utsname | sed -n 's/^uts_sysname: //p'
dmesg | head -c 0
modprobe dm-mod
? modprobe no-such-module
drop-caches 3
sync
available-all-groups | grep -x -e lvm2 -e mdadm -e linuxmodules

# disks
list-devices
nr-devices
list-disk-labels | sort
is-whole-device /dev/sda
is-whole-device /dev/sda1
blockdev-getss /dev/sda
blockdev-getbsz /dev/sda
blockdev-getsz /dev/sda
blockdev-getsize64 /dev/sda
blockdev-getsize64 /dev/sdz
blockdev-setro /dev/sda
blockdev-getro /dev/sda
blockdev-setrw /dev/sda
blockdev-getro /dev/sda
blockdev-flushbufs /dev/sda
blockdev-setra /dev/sda 1024
pwrite-device /dev/sda "hello" 4096
pread-device /dev/sda 5 4096
pread-device /dev/sda 5 -1
pread-device /dev/sda 8 268435452 | wc -c
checksum-device md5 /dev/sda
zero /dev/sda
pread-device /dev/sda 5 4096 | tr '\0' z
zero-device /dev/sda

# MBR
? part-get-parttype /dev/sda
? part-list /dev/sda
part-init /dev/sda mbr
part-get-parttype /dev/sda
part-add /dev/sda primary 2048 20479
part-add /dev/sda p 20480 40959
part-add /dev/sda extended 40960 -1
part-add /dev/sda logical 43008 102399
part-add /dev/sda l 104448 -1
? part-add /dev/sda p 2048 4096
part-add /dev/sda nosuch 2048 4096
part-list /dev/sda
list-partitions
part-get-mbr-part-type /dev/sda 1
part-get-mbr-part-type /dev/sda 3
part-get-mbr-part-type /dev/sda 5
part-set-bootable /dev/sda 2 true
part-get-bootable /dev/sda 2
part-get-bootable /dev/sda 1
part-set-mbr-id /dev/sda 1 0xc
part-get-mbr-id /dev/sda 1
part-get-mbr-id /dev/sda 2
? part-get-mbr-id /dev/sda 9
part-to-dev /dev/sda5
part-to-partnum /dev/sda5
part-to-partnum /dev/sda
part-del /dev/sda 6
part-resize /dev/sda 5 200000
part-list /dev/sda
? part-del /dev/sda 9

# GPT
part-disk /dev/sdb gpt
part-list /dev/sdb
part-init /dev/sdb gpt
part-add /dev/sdb p 2048 43007
part-add /dev/sdb p 43008 -34
part-get-parttype /dev/sdb
part-set-name /dev/sdb 1 odd,name=1
part-get-name /dev/sdb 1
part-get-name /dev/sdb 2
part-set-gpt-type /dev/sdb 1 C12A7328-F81F-11D2-BA4B-00A0C93EC93B
part-get-gpt-type /dev/sdb 1
part-set-gpt-guid /dev/sdb 1 01234567-89AB-CDEF-0123-456789ABCDEF
part-get-gpt-guid /dev/sdb 1
part-set-gpt-attributes /dev/sdb 1 4
part-get-gpt-attributes /dev/sdb 1
part-set-disk-guid /dev/sdb 11111111-2222-3333-4444-555555555555
part-get-disk-guid /dev/sdb
part-set-disk-guid-random /dev/sdb
part-get-disk-guid /dev/sdb
part-set-gpt-type /dev/sdb 1 nonsense
? part-get-gpt-type /dev/sdb 7
part-expand-gpt /dev/sdb
blockdev-rereadpt /dev/sdb
list-partitions
? part-list /dev/sdc

# filesystems
mkfs ext4 /dev/sda1
mkfs ext2 /dev/sda1 blocksize:1024 label:boot inode:256 features:^resize_inode
mkfs vfat /dev/sda2 label:EFI
? mkfs nosuch /dev/sda5
mkswap /dev/sda5 label:swap uuid:a3c1f4ee-5a3d-4f1c-9f0a-2b9d5e1c7a01
mkfs ext4 /dev/sdb2
vfs-type /dev/sda1
vfs-label /dev/sda1
vfs-type /dev/sda2
vfs-label /dev/sda2
vfs-type /dev/sda5
vfs-uuid /dev/sda5
vfs-type /dev/sdb1
vfs-uuid /dev/sdb1
set-label /dev/sdb2 data
vfs-label /dev/sdb2
set-uuid /dev/sdb2 01234567-89ab-4def-8123-456789abcdef
vfs-uuid /dev/sdb2
? set-uuid /dev/sdb2 nonsense
set-uuid-random /dev/sda1
vfs-uuid /dev/sda1
findfs-label data
findfs-uuid 01234567-89ab-4def-8123-456789abcdef
? findfs-label nobody
? findfs-uuid 00000000-89ab-4def-8123-456789abcdef
vfs-minimum-size /dev/sda1
blkid /dev/sdb2
blkid /dev/sdc
list-filesystems
wipefs /dev/sda2
vfs-type /dev/sda2
mountable-device btrfsvol:/dev/sda1/sub/volume
mountable-subvolume btrfsvol:/dev/sda1/sub/volume
mountable-device /dev/sda1

# LVM
part-init /dev/sda mbr
part-add /dev/sda p 2048 200000
part-add /dev/sda p 200704 500000
pvcreate /dev/sda1
pvcreate /dev/sda2
pvcreate /dev/sdz
pvs
vgcreate vg-one "/dev/sda1 /dev/sda2"
? vgcreate vg-one /dev/sdc
vgs
lvcreate root vg-one 20
lvcreate-free rest vg-one 100
? lvcreate huge vg-one 4000
? lvcreate x nosuch 10
lvs
lvs-full | grep -v -e kernel -e '^\[' | sort
vgs-full
pvs-full
pvuuid /dev/sda1
vguuid vg-one
lvuuid /dev/vg-one/root
vgpvuuids vg-one
vglvuuids vg-one
is-lv /dev/vg-one/root
is-lv /dev/sda1
lvm-canonical-lv-name /dev/mapper/vg--one-root
lvm-canonical-lv-name /dev/sda1
list-dm-devices
lvresize /dev/vg-one/root 12
blockdev-getsize64 /dev/vg-one/root
mkfs btrfs /dev/vg-one/rest
mkfs ext3 /dev/vg-one/root
list-filesystems
? lvrename root newroot
lvrename /dev/vg-one/root /dev/vg-one/newroot
vgrename vg-one vg2
lvs
vg-activate false vg2
vg-activate-all true
lvm-scan true
mount /dev/vg2/newroot /
mounts
umount-all
lvremove /dev/vg2/rest
lvremove /dev/vg2/rest
vgremove vg2
vgs
pvresize /dev/sda1
pvremove /dev/sda1
pvs
lvm-remove-all
pvs

# RAID
md-create mirror "/dev/sda1 /dev/sda2" level:raid1
list-md-devices
md-stat /dev/md127
md-detail /dev/md127 | grep -e ^level -e ^devices -e ^metadata
md-create r "/dev/sdc /dev/sdz" level:raid0
md-create r "/dev/sdc /dev/sdb1" level:raid17
mkfs ext4 /dev/md127
list-filesystems
md-stop /dev/md127
list-md-devices
? md-detail /dev/sda1

# sfdisk, as old scripts have it
umount-all
lvm-remove-all
part-init /dev/sdb mbr
? sfdisk /dev/sdb 130 255 63 ","
sfdisk /dev/sdb 0 0 0 "2048,4096,82 ,,83"
part-list /dev/sdb
sfdisk-N /dev/sdb 1 0 0 0 ",2048,8e"
part-list /dev/sdb
part-get-mbr-id /dev/sdb 1
sfdisk-l /dev/sdb | sed '/^Disk identifier/d'
sfdisk-kernel-geometry /dev/sdb
sfdisk-disk-geometry /dev/sdb
mkswap-L old /dev/sdb1
vfs-label /dev/sdb1
mkswap-U a3c1f4ee-5a3d-4f1c-9f0a-2b9d5e1c7a02 /dev/sdb1
vfs-uuid /dev/sdb1
? sfdisk /dev/sdb 0 0 0 "nonsense"

# the appliance itself
debug print "hello"
debug progress 0.3
debug progress x
debug progress 0
debug sh "echo one; echo two >&2"
? debug sh "exit 3"
? debug ls /no/such
debug env "" | grep ^LC_ALL=
debug setenv "FOO bar"
debug env "" | grep ^FOO=
debug setenv FOO
debug env "" | grep ^FOO=
debug error ""
debug error 10
debug error x
debug spew 3
debug spew ""
debug nosuch ""
debug-upload small /uploaded 0640
debug ls /uploaded
debug sh "read line < /uploaded; echo $line"
debug-upload small /no/such/folder 0640
