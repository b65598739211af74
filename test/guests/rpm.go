package guests

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"os"
	"path/filepath"
	"strings"
)

// rpms are guests with each kind of rpm's database: Berkeley DB, ndb and
// SQLite. The packages in them are built by rpmbuild; SQLite's database is
// written by rpm, Berkeley DB's by db_load, ndb's here, since Debian's rpm
// cannot.
func rpms() []Guest {
	return []Guest{
		{Name: "centos-bdb", version: 1, mib: []int64{160}, fill: fillCentOS, RPM: true},
		{Name: "opensuse-ndb", version: 2, mib: []int64{384}, fill: fillOpenSUSE, RPM: true},
		{Name: "alma-sqlite", version: 2, mib: []int64{384}, fill: fillAlma, RPM: true, Unknown: true},
		{Name: "rhel", version: 1, mib: []int64{384}, fill: fillRHEL, RPM: true},
	}
}

// rpmSpecs are the packages that are installed.
var rpmSpecs = []string{
	`Name: bash
Version: 5.1.8
Release: 6.el9
Summary: The GNU Bourne Again shell
License: GPLv3+
URL: https://www.gnu.org/software/bash
Vendor: Example Project
BuildArch: x86_64
%description
The GNU Bourne Again shell (Bash) is a shell or command language
interpreter that is compatible with the Bourne shell (sh).
%files
`, `Name: bind-libs
Epoch: 32
Version: 9.16.23
Release: 14.el9
Summary: Libraries used by the BIND DNS packages
License: MPLv2.0
URL: https://www.isc.org/downloads/bind/
BuildArch: noarch
%description
Contains heavyweight version of BIND suite libraries.
%files
`, `Name: marks
Version: 1.0
Release: 1
Summary: größer & kleiner als <marks>
License: MIT
BuildArch: noarch
%description
%files
`}

// rpmFiles builds the packages below dir and returns their files.
func rpmFiles(ctx context.Context, dir string) ([]string, error) {
	var files []string
	for i, spec := range rpmSpecs {
		name := filepath.Join(dir, fmt.Sprintf("%d.spec", i))
		if err := os.WriteFile(name, []byte(spec), 0o644); err != nil {
			return nil, err
		}
		top := filepath.Join(dir, fmt.Sprint(i))
		if err := run(ctx, "rpmbuild", "-bb", "--quiet", "--define", "_topdir "+top, "--define", "_buildhost builder.invalid",
			"--define", "source_date_epoch_from_changelog 0", name); err != nil {
			return nil, err
		}
		built, err := filepath.Glob(filepath.Join(top, "RPMS/*/*.rpm"))
		if err != nil || len(built) != 1 {
			return nil, fmt.Errorf("%d packages built from %s, %w; want 1", len(built), name, err)
		}
		files = append(files, built[0])
	}
	return files, nil
}

// rpmHeaders are the packages' headers as a database holds them.
func rpmHeaders(files []string) ([][]byte, error) {
	const leadBytes, magicBytes, entryBytes = 96, 8, 16
	size := func(b []byte) int {
		return magicBytes + 8 + entryBytes*int(binary.BigEndian.Uint32(b[magicBytes:])) + int(binary.BigEndian.Uint32(b[magicBytes+4:]))
	}
	var headers [][]byte
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		signature := b[leadBytes:]
		header := signature[(size(signature)+7)&^7:]
		headers = append(headers, header[magicBytes:size(header)])
	}
	return headers, nil
}

// rpmPackages adds a database of the kind at dir in the guest.
func (b *builder) rpmPackages(kind, dir string) {
	if !b.ok() {
		return
	}
	temp, err := os.MkdirTemp(b.temp, "rpm")
	if err != nil {
		b.do("rpm", err)
		return
	}
	defer os.RemoveAll(temp)
	files, err := rpmFiles(b.ctx, temp)
	if err != nil {
		b.do("rpm", err)
		return
	}
	var name, text string
	if kind == "sqlite" {
		name = "rpmdb.sqlite"
		text, err = rpmSQLite(b.ctx, temp, files)
	} else if headers, e := rpmHeaders(files); e != nil {
		err = e
	} else if kind == "bdb" {
		name = "Packages"
		text, err = rpmBerkeley(b.ctx, temp, headers)
	} else {
		name, text = "Packages.db", rpmNDB(headers)
	}
	b.do("rpm database "+kind, err)
	b.put(tree{filepath.Join(dir, name)[1:]: text})
}

func rpmSQLite(ctx context.Context, temp string, files []string) (string, error) {
	root := filepath.Join(temp, "root")
	argv := []string{"rpm", "--root", root, "--define", "_dbpath /db", "--install", "--justdb", "--nodeps", "--ignorearch", "--noscripts", "--nosignature"}
	if err := os.Mkdir(root, 0o755); err != nil {
		return "", err
	}
	if err := run(ctx, append(argv, files...)...); err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(root, "db/rpmdb.sqlite"))
	return string(b), err
}

// rpmBerkeley is a hash of Berkeley DB: the number of a package, as 4 bytes in
// the order of the machine, to its header. Under 0 is the largest number.
func rpmBerkeley(ctx context.Context, temp string, headers [][]byte) (string, error) {
	var dump strings.Builder
	dump.WriteString("VERSION=3\nformat=bytevalue\ntype=hash\nh_nelem=16\ndb_pagesize=4096\nHEADER=END\n")
	number := func(n int) string { return fmt.Sprintf("%x", binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	fmt.Fprintf(&dump, " %s\n %s\n", number(0), number(len(headers)))
	for i, header := range headers {
		fmt.Fprintf(&dump, " %s\n %x\n", number(i+1), header)
	}
	dump.WriteString("DATA=END\n")
	from, to := filepath.Join(temp, "dump"), filepath.Join(temp, "Packages")
	if err := os.WriteFile(from, []byte(dump.String()), 0o644); err != nil {
		return "", err
	}
	if err := run(ctx, "db_load", "-f", from, to); err != nil {
		return "", err
	}
	b, err := os.ReadFile(to)
	return string(b), err
}

// rpmNDB is a page of slots, each 16 bytes, then the packages in blocks of 16 bytes.
func rpmNDB(headers [][]byte) string {
	const pageBytes, blockBytes, headBytes, tailBytes = 4096, 16, 16, 12
	le := binary.LittleEndian
	out := make([]byte, pageBytes)
	copy(out, "RpmP")
	le.PutUint32(out[8:], 1)  // generation
	le.PutUint32(out[12:], 1) // pages of slots
	le.PutUint32(out[16:], uint32(len(headers)+1))
	slots := out[2*blockBytes:]
	for i := 0; i < len(slots); i += blockBytes {
		copy(slots[i:], "Slot")
	}
	for i, header := range headers {
		blocks := (headBytes + len(header) + tailBytes + blockBytes - 1) / blockBytes
		slot := out[(2+i)*blockBytes:]
		le.PutUint32(slot[4:], uint32(i+1))
		le.PutUint32(slot[8:], uint32(len(out)/blockBytes))
		le.PutUint32(slot[12:], uint32(blocks))
		blob := append([]byte("BlbS"), make([]byte, headBytes-4)...)
		le.PutUint32(blob[4:], uint32(i+1))
		le.PutUint32(blob[8:], 1)
		le.PutUint32(blob[12:], uint32(len(header)))
		blob = append(blob, header...)
		blob = append(blob, make([]byte, blocks*blockBytes-tailBytes-len(blob))...)
		sum := adler32.Checksum(blob)
		blob = le.AppendUint32(blob, sum)
		blob = le.AppendUint32(blob, uint32(len(header)))
		out = append(append(out, blob...), "BlbE"...)
	}
	return string(out)
}
