package domain

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"virt-tools/internal/netdisk"
)

// lookups know one pool and two secrets.
var lookups = Lookups{
	Volume: func(_ context.Context, pool, name string) (*Volume, error) {
		types := map[string]string{"dir": "file", "lvm": "block", "ceph": "network", "odd": "netdir"}
		if types[pool] == "" {
			return nil, errors.New("no such pool")
		}
		return &Volume{
			Path: "/pools/" + pool + "/" + name,
			XML:  `<volume type='` + types[pool] + `'><name>` + name + `</name><target><format type='qcow2'/></target></volume>`,
			PoolXML: `<pool type='rbd'><name>ceph</name><source><name>rbdpool</name><host name='mon' port='1'/>
				<auth type='ceph' username='u'><secret uuid='key'/></auth></source></pool>`,
		}, nil
	},
	Secret: func(_ context.Context, s Secret) ([]byte, error) {
		value := map[Secret]string{
			{UUID: "key", Type: "ceph"}: "k", {UUID: "pass", Type: "volume"}: "open sesame", {Type: "iscsi", Usage: "use"}: "s3", {UUID: "empty", Type: "volume"}: "",
		}
		v, ok := value[s]
		if !ok {
			return nil, errors.New("no such secret")
		}
		return []byte(v), nil
	},
}

func read(t *testing.T, disks string) ([]Disk, []Left, error) {
	t.Helper()
	return Disks(t.Context(), `<domain type='qemu'><name>d</name><devices>`+disks+`</devices></domain>`, lookups)
}

func TestDisks(t *testing.T) {
	mon := []netdisk.Server{{Host: "mon", Port: 1}}
	tests := []struct {
		name, xml string
		want      Disk
	}{
		{"file", `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/a b'/><target dev='vda'/><serial>AB-1_2</serial></disk>`,
			Disk{Target: "vda", Serial: "AB-1_2", Image: Image{File: "/a b", Format: "qcow2"}}},
		{"serial that cannot be given", `<disk type='file'><source file='/a'/><target dev='vda'/><serial>with space</serial></disk>`,
			Disk{Target: "vda", Image: Image{File: "/a"}}},
		{"block, read-only, sectors", `<disk type='block'><driver type='raw'/><source dev='/dev/x'/><target dev='sda'/><blockio logical_block_size='4096'/><readonly/></disk>`,
			Disk{Target: "sda", ReadOnly: true, BlockSize: 4096, Image: Image{File: "/dev/x", Format: "raw"}}},
		{"cdrom", `<disk type='file' device='cdrom'><source file='/a.iso'/><target dev='hdc'/></disk>`,
			Disk{Target: "hdc", ReadOnly: true, Image: Image{File: "/a.iso"}}},
		{"nbd", `<disk type='network'><driver type='raw'/><source protocol='nbd' name='e'><host name='h' port='10'/></source><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{Format: "raw", Remote: &netdisk.Disk{Protocol: "nbd", Name: "e", Servers: []netdisk.Server{{Host: "h", Port: 10}}}}}},
		{"nbd socket", `<disk type='network'><source protocol='nbd'><host transport='unix' socket='/s'/></source><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{Remote: &netdisk.Disk{Protocol: "nbd", Servers: []netdisk.Server{{Socket: "/s"}}}}}},
		{"https", `<disk type='network'><source protocol='https' name='d/x.img' query='a=b'><host name='h' port='443'/><ssl verify='no'/><cookies><cookie name='a'>b</cookie><cookie name='c'>d</cookie></cookies></source><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{Remote: &netdisk.Disk{Protocol: "https", Name: "/d/x.img", Query: "a=b", NoVerify: true, Cookies: "a=b; c=d", Servers: []netdisk.Server{{Host: "h", Port: 443}}}}}},
		{"ssh", `<disk type='network'><source protocol='ssh' name='/d'><host name='h'/><identity username='me'/></source><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{Remote: &netdisk.Disk{Protocol: "ssh", Name: "/d", User: "me", Servers: []netdisk.Server{{Host: "h"}}}}}},
		{"iscsi", `<disk type='network'><source protocol='iscsi' name='iqn:x/2'><host name='h'/><auth username='u'><secret type='iscsi' usage='use'/></auth><initiator><iqn name='iqn:me'/></initiator></source><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{Remote: &netdisk.Disk{Protocol: "iscsi", Name: "iqn:x/2", User: "u", Secret: "s3", Initiator: "iqn:me", Servers: []netdisk.Server{{Host: "h"}}}}}},
		{"rbd", `<disk type='network'><auth username='u'><secret type='ceph' uuid='key'/></auth><source protocol='rbd' name='p/i'><host name='mon' port='1'/><snapshot name='s'/><config file='/c'/></source><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{Remote: &netdisk.Disk{Protocol: "rbd", Name: "p/i", User: "u", Secret: "aw==", Snapshot: "s", ConfigFile: "/c", Servers: mon}}}},
		{"volume, file", `<disk type='volume'><source pool='dir' volume='v'/><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{File: "/pools/dir/v", Format: "qcow2"}}},
		{"volume, block", `<disk type='volume'><driver type='raw'/><source pool='lvm' volume='v'/><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{File: "/pools/lvm/v", Format: "raw"}}},
		{"volume, network", `<disk type='volume'><driver type='raw'/><source pool='ceph' volume='v'/><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{Format: "raw", Remote: &netdisk.Disk{Protocol: "rbd", Name: "rbdpool/v", User: "u", Secret: "aw==", Servers: mon}}}},
		{"encrypted", `<disk type='file'><driver type='qcow2'/><source file='/e'><encryption format='luks'><secret type='passphrase' uuid='pass'/></encryption></source><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{File: "/e", Format: "qcow2", Key: "open sesame"}}},
		{"chain", `<disk type='file'><driver type='qcow2'/><source file='/t'/><backingStore type='file'><format type='qcow2'/><source file='/m'/><backingStore type='network'><format type='raw'/><source protocol='nbd'><host name='h'/></source><backingStore/></backingStore></backingStore><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{File: "/t", Format: "qcow2"}, Chain: true, Backing: []Image{{File: "/m", Format: "qcow2"}, {Format: "raw", Remote: &netdisk.Disk{Protocol: "nbd", Servers: []netdisk.Server{{Host: "h"}}}}}}},
		{"end of chain", `<disk type='file'><driver type='qcow2'/><source file='/t'/><backingStore/><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{File: "/t", Format: "qcow2"}, Chain: true}},
		{"chain that ends with raw", `<disk type='file'><driver type='qcow2'/><source file='/t'/><backingStore type='file'><format type='raw'/><source file='/m'/></backingStore><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{File: "/t", Format: "qcow2"}, Chain: true, Backing: []Image{{File: "/m", Format: "raw"}}}},
		{"chain without an end", `<disk type='file'><driver type='qcow2'/><source file='/t'/><backingStore type='file'><format type='qcow2'/><source file='/m'/></backingStore><target dev='a'/></disk>`,
			Disk{Target: "a", Image: Image{File: "/t", Format: "qcow2"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			disks, left, err := read(t, test.xml)
			if err != nil || len(left) > 0 || len(disks) != 1 {
				t.Fatalf("%d disks, left %v, %v; want one disk", len(disks), left, err)
			}
			if diff := cmp.Diff(test.want, disks[0]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

const good = `<disk type='file'><source file='/good'/><target dev='vdz'/></disk>`

// Drives without a medium are no disks; kinds that cannot be used are told, and do not hide
// the others.
func TestLeft(t *testing.T) {
	tests := []struct{ xml, want string }{
		{`<disk type='file' device='cdrom'><target dev='a'/></disk>`, ""},
		{`<disk type='block' device='cdrom'><target dev='a'/></disk>`, ""},
		{`<disk type='file' device='floppy'><source startupPolicy='optional'/><target dev='a'/></disk>`, ""},
		{`<disk type='dir'><source dir='/d'/><target dev='a'/></disk>`, "type dir: "},
		{`<disk type='nvme'><source type='pci' managed='yes' namespace='1'><address domain='0' bus='1' slot='0' function='0'/></source><target dev='a'/></disk>`, "type nvme: "},
		{`<disk type='vhostuser'><source type='unix' path='/s'/><target dev='a'/></disk>`, "type vhostuser: "},
		{`<disk type='network'><source protocol='gluster' name='v/i'><host name='h'/></source><target dev='a'/></disk>`, "disks over gluster are not supported"},
		{`<disk type='network'><source protocol='nfs' name='v/i'><host name='h'/></source><target dev='a'/></disk>`, `unknown protocol "nfs"`},
		{`<disk type='network'><source protocol='nbd' tls='yes'><host name='h'/></source><target dev='a'/></disk>`, "nbd with TLS"},
		{`<disk type='network'><source protocol='nbd'><host transport='rdma' name='h'/></source><target dev='a'/></disk>`, "over rdma"},
		{`<disk type='file'><source file='/x'/><blockio logical_block_size='2048'/><target dev='a'/></disk>`, "sectors of 2048 bytes"},
		{`<disk type='file'><source file='/x'><slices><slice type='storage' offset='1' size='2'/></slices></source><target dev='a'/></disk>`, "a slice of its file"},
		{`<disk type='volume'><source pool='odd' volume='v'/><target dev='a'/></disk>`, "volumes of type netdir"},
		{`<disk type='file'><source file='/x'><encryption format='luks' engine='librbd'/></source><target dev='a'/></disk>`, "encryption by librbd"},
	}
	for _, test := range tests {
		disks, left, err := read(t, test.xml+good)
		if err != nil || len(disks) != 1 || disks[0].Image.File != "/good" {
			t.Errorf("%s: disks %v, %v; want the good one", test.xml, disks, err)
			continue
		}
		if test.want == "" {
			if len(left) > 0 {
				t.Errorf("%s: left %v; want none", test.xml, left)
			}
			continue
		}
		if len(left) != 1 || left[0].Target != "a" || !strings.Contains(left[0].Reason.Error(), test.want) {
			t.Errorf("%s: left %v; want %q", test.xml, left, test.want)
		}
		if _, _, err := read(t, test.xml); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s alone: %v; want no disks and %q", test.xml, err, test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	secret := func(attributes string) string {
		return `<disk type='file'><source file='/x'><encryption format='luks'><secret type='passphrase' ` + attributes + `/></encryption></source><target dev='a'/></disk>`
	}
	tests := []struct{ xml, want string }{
		{``, "it has no disks"},
		{`<disk type='file' device='cdrom'><target dev='a'/></disk>`, "it has no disks"},
		{`<disk type='volume'><source pool='gone' volume='v'/><target dev='a'/></disk>` + good, "disk a: no such pool"},
		{secret("uuid='none'") + good, "disk a: no such secret"},
		{secret("uuid='empty'") + good, "disk a: the secret is empty"},
		{`<disk type='file'><source file='/x'><encryption format='luks'/></source><target dev='a'/></disk>`, "disk a: it is encrypted, and no secret is named"},
		{`<disk type='file'><source file='/x'/><backingStore type='volume'><source pool='gone' volume='v'/></backingStore><target dev='a'/></disk>`, "disk a: backing file: no such pool"},
		{`<disk type='network'><source protocol='nbd'><host name='h' port='x'/></source><target dev='a'/></disk>`, `disk a: "x" is not a port`},
	}
	for _, test := range tests {
		if _, _, err := read(t, test.xml); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want %q", test.xml, err, test.want)
		}
	}
	if _, _, err := Disks(t.Context(), "<domain", Lookups{}); err == nil {
		t.Error("XML that is cut off gave no error")
	}
	for _, xml := range []string{secret("uuid='pass'"), `<disk type='volume'><source pool='dir' volume='v'/><target dev='a'/></disk>`} {
		if _, _, err := Disks(t.Context(), "<domain><devices>"+xml+"</devices></domain>", Lookups{}); err == nil {
			t.Errorf("%s: nothing to look it up with, and no error", xml)
		}
	}
}

func FuzzDisks(f *testing.F) {
	f.Add(good)
	f.Add(`<disk type='volume'><source pool='ceph' volume='v'/><backingStore/></disk>`)
	f.Add(`<disk type='network'><auth username='u'><secret type='ceph' uuid='key'/></auth><source protocol='rbd' name='p/i'/></disk>`)
	f.Fuzz(func(t *testing.T, disks string) {
		all, _, err := read(t, disks)
		if err == nil && len(all) == 0 {
			t.Error("no disks and no error")
		}
	})
}
