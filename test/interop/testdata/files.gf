# files: mounts, what is in directories, transfers, archives
add-drive a.img format:raw
add-drive b.img format:raw
run

# before anything is mounted
touch /x
ls /
mounts
statvfs /
? mount /dev/sda /
mount /dev/sdz /
? mount relative /
mkfs ext4 /dev/sda
mkfs xfs /dev/sdb
? mount /dev/sda relative
? mount /dev/sdb /sub

# mounts
mount /dev/sda /
mkdir /sub
mount-options noatime,nodev /dev/sdb /sub
mounts
mountpoints
umount /sub
? umount /sub
mount-vfs ro xfs /dev/sdb /sub
? touch /sub/x
remount /sub rw:true
touch /sub/x
exists /sub/x
umount /dev/sdb
mount-ro /dev/sdb /sub
rm /sub/x
umount /sub lazyunmount:true
? mount-vfs "" vfat /dev/sdb /sub
? mount-options nosuchoption /dev/sdb /sub
umount-all
mkmountpoint /first
mount /dev/sda /first
touch /first/here
mountpoints
umount /first
rmmountpoint /first
mount /dev/sda /
exists /here
rm /here
rmdir /sub

# files and directories
mkdir /dir
mkdir /dir
mkdir /none/dir
mkdir-p /dir/a/b/c
mkdir-p /dir/a/b/c
mkdir-mode /mode 0700
touch /dir/file
? touch /none/file
write /dir/file "hello, world\n"
write-append /dir/file "and again\n"
pread /dir/file 5 7
? pread /dir/file 5 -1
pwrite /dir/file "HELLO" 0
filesize /dir/file
filesize /none
chmod 0640 /dir/file
? chmod 0640 /none
chown 1000 100 /dir/file
? chown 1 1 /none
ln-s ../dir/file /dir/link
? ln-s /dir/file /dir/link
ln-s nowhere /dangling
readlink /dir/link
? readlink /dir/file
realpath /dir/../dir/link
? realpath /none
exists /dangling
is-file /dir/file
is-file /dir/link
is-file /dir/link followsymlinks:true
is-dir /dir
is-dir /dir/file
is-symlink /dir/link
is-chardev /dir/file
is-blockdev /dir/file
is-fifo /dir/file
is-socket /dir/file
ls /dir
? ls /none
? ls /dir/file
ls0 /dir names0
! tr '\0' '\n' < names0 | sort
ll /dir | sed 's/ [A-Z][a-z][a-z] [ 0-9][0-9] [0-9][0-9]:[0-9][0-9] / DATE /'
lstatns /dir/link | grep -e mode -e uid -e gid -e size -e nlink
statns /dir/link | grep -e mode -e uid -e gid -e size -e nlink
stat /none
lstatnslist /dir "file link none" | grep -e ino -e mode | sed '/_ino: -1/!s/ino: .*/ino: N/'
mv /dir/file /dir/moved
? mv /none /dir/x
? mv /dir/moved /none/x
rm /dir/moved
rm /dir/moved
rm /dir
rm-f /dir/moved
rm-f /dir
rmdir /dir
rmdir /none
rm-rf /dir
exists /dir
rm-rf /dir
write /name "bytes\377\001 of any value"
checksum crc /name
statvfs / | grep -e ^bsize -e ^frsize -e ^blocks -e ^files -e ^namemax

# transfers: host files big (12 MiB) and small
upload big /big
checksum md5 /big
checksum sha1 /big
checksum sha224 /big
checksum sha256 /big
checksum sha384 /big
checksum sha512 /big
? checksum nosuch /big
checksum md5 /none
download /big big.out
! sha256sum < big.out
download-offset /big part.out 5242880 4194304
! sha256sum < part.out
? download-offset /big part.out -1 5
upload-offset small /big 8388600
pread /big 6 8388600
download /big - | sha256sum
upload nosuchhostfile /x
upload big /none/x
ping-daemon
upload small /
download /none none.out
? download / none.out
ping-daemon
copy-in tree /
upload big /dev/sdb
download-offset /dev/sdb part.out 0 12582912
! sha256sum < part.out
mkfs ext4 /dev/sdb

# a download that the host cannot take is cancelled, and so is an upload
download /big /dev/full
ping-daemon
download /big - | head -c 3
ping-daemon
tar-out /tree /dev/full
ping-daemon
checksum md5 /big
upload /proc/self/mem /x
ping-daemon

# archives
mkdir /t
tar-in tree.tar /t
? tar-in tree.tar /none
? tar-in big /t
ping-daemon
tar-in nosuch.tar /t
checksum md5 /t/tree/big
ls /t/tree/deep
tar-out /t - | tar tf - | sort
tar-out /t - excludes:*.txt | tar tf - | sort
tar-out /t - numericowner:true | tar tvf - --numeric-owner | awk '{print $1, $2, $6}' | grep -v -e a.txt -e hard | sort
? tar-out /none none.tar
tar-out /t t.tgz compress:gzip
? tar-in t.tgz /none compress:gzip
mkdir /t2
mkdir /t3
tar-in t.tgz /t3 compress:gzip
checksum md5 /t3/tree/big
tar-in tree.tar /t2 xattrs:true acls:true
tar-out /t2 - xattrs:true acls:true selinux:true | tar tf - | wc -l

# a full filesystem
umount-all
mkfs ext2 /dev/sdb blocksize:1024
mount /dev/sda /
mkdir /full
part-disk /dev/sdb mbr
part-del /dev/sdb 1
part-add /dev/sdb p 2048 10239
mkfs ext2 /dev/sdb1
mount /dev/sdb1 /full
? upload big /full/big
ping-daemon
? tar-in tree.tar /full
ping-daemon
umount /full
umount-all force:true
sync
