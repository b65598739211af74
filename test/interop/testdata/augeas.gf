# configuration files
add-drive a.img format:raw
run
part-disk /dev/sda mbr
mkfs ext4 /dev/sda1
aug-init / 0
mount /dev/sda1 /
available augeas
aug-get /files
aug-close
mkdir /etc
write /etc/hosts "127.0.0.1 localhost\n192.168.0.1 gw.example.com gw\n"
write /etc/sudoers "this is } not a sudoers file\n"
aug-init / 0
aug-match /files/etc/*
aug-match /files/etc/hosts/*/ipaddr
aug-match /nosuch
aug-match "/files/etc/["
aug-ls /files/etc
aug-ls /files/etc/
aug-ls /
aug-ls /files/etc/*
aug-ls /files/etc/hosts/1
aug-ls "/files/etc/hosts/*[1]"
aug-ls /nosuch
aug-get /files/etc/hosts/2/canonical
? aug-get /files/etc/hosts/2
? aug-get /files/etc/hosts/9
aug-get /files/etc/hosts/*
aug-get "/files/["
aug-label /files/etc/hosts/2/canonical
? aug-label /nosuch
aug-label /files/etc/hosts/*
aug-get /augeas/files/etc/sudoers/error
aug-defvar h /files/etc/hosts/*
aug-defvar h "/files/["
aug-match $h/canonical
aug-defnode n /files/etc/hosts/01/ipaddr 10.0.0.1
aug-defnode n /files/etc/hosts/*/ipaddr 10.0.0.9
aug-defnode n "/files/[" x
aug-set /files/etc/hosts/01/canonical "ten"
aug-set /files/etc/hosts/* x
aug-set "/files/[" x
aug-clear /files/etc/hosts/01/spec
aug-match /files/etc/hosts/01/*
aug-rm /files/etc/hosts/01/spec
aug-rm /nosuch
aug-rm "/files/["
aug-insert /files/etc/hosts/1 03 true
aug-insert /files/etc/hosts/1 04 false
aug-insert /files/etc/hosts/* 05 false
aug-insert /nosuch 05 false
aug-insert /files/etc/hosts/1 "a/b" false
aug-match /files/etc/hosts/*
aug-rm /files/etc/hosts/03
aug-rm /files/etc/hosts/04
aug-mv /files/etc/hosts/01/canonical /files/etc/hosts/01/alias
aug-mv /files/etc/hosts/01/alias /files/etc/hosts/01/canonical
aug-mv /nosuch /files/x
aug-mv /files/etc /files/etc/hosts/1
aug-setm /files/etc/hosts/* alias all
aug-setm /nosuch alias all
aug-setm "/files/[" alias all
aug-save
cat /etc/hosts
aug-set /files/etc/hosts/1/ipaddr "no address"
? aug-save
cat /etc/hosts
aug-get /augeas/files/etc/hosts/error
aug-load
aug-close
aug-get /files
aug-init / 65
aug-match /files/*
aug-transform Hosts.lns /etc/hosts
aug-load
aug-set /files/etc/hosts/1/canonical again
aug-save
ls /etc
aug-transform Hosts.lns /etc/hosts remove:true
aug-load
aug-ls /files
aug-close
