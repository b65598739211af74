# the systemd journal: two files of journal-remote, one of them compact
add-drive a.img format:raw
add-drive b.img format:raw
run
mkfs ext4 /dev/sda
mount /dev/sda /
? journal-next
? journal-close
mkdir-p /log/9d3b2a5c1f4e4c0d8e6f7a8b9c0d1e2f
upload system.journal /log/9d3b2a5c1f4e4c0d8e6f7a8b9c0d1e2f/system.journal
upload user-1000.journal /log/user-1000.journal
? journal-open /none
journal-open /log
journal-get
? journal-get-realtime-usec
journal-get-data-threshold
journal-set-data-threshold 1000
journal-get-data-threshold
journal-next
journal-get-realtime-usec
journal-get
journal-next
journal-get
journal-skip 10
journal-get
journal-skip -3
journal-get-realtime-usec
journal-skip 0
journal-get-realtime-usec
journal-skip 1000
journal-get-realtime-usec
journal-get
journal-next
journal-get-realtime-usec
journal-skip -1000
journal-get-realtime-usec
journal-skip -1
journal-get
journal-close
? journal-close
umount-all
