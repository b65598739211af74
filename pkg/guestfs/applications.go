package guestfs

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"virt-tools/internal/wire"
)

// InspectListApplications2 calls inspect_list_applications2: the applications
// that are installed in the system at root, sorted by name. InspectOs must have
// found the root, and it must be mounted. Of a system whose package manager is
// not known the list is empty. What could not be read is a warning.
func (g *Handle) InspectListApplications2(ctx context.Context, root Mountable) ([]Application2, error) {
	return g.listApplications(ctx, "inspect_list_applications2", root, "system")
}

// InspectListApplications calls inspect_list_applications: the same without the
// architecture.
//
// Deprecated: InspectListApplications2 takes its place.
func (g *Handle) InspectListApplications(ctx context.Context, root Mountable) ([]Application, error) {
	all, err := g.listApplications(ctx, "inspect_list_applications", root, "system")
	if err != nil {
		return nil, err
	}
	list := make([]Application, len(all))
	for i, a := range all {
		list[i] = Application{
			AppName: a.App2Name, AppDisplayName: a.App2DisplayName, AppEpoch: a.App2Epoch, AppVersion: a.App2Version, AppRelease: a.App2Release,
			AppInstallPath: a.App2InstallPath, AppTransPath: a.App2TransPath, AppPublisher: a.App2Publisher, AppUrl: a.App2Url,
			AppSourcePackage: a.App2SourcePackage, AppSummary: a.App2Summary, AppDescription: a.App2Description,
		}
	}
	return list, nil
}

// InspectListSnaps lists the snaps of a system, which InspectListApplications2
// leaves out: name, revision (as release) and where it is mounted. The version
// is not known. Libguestfs has no such call.
func (g *Handle) InspectListSnaps(ctx context.Context, root Mountable) ([]Application2, error) {
	return g.listApplications(ctx, "inspect_list_snaps", root, "snap")
}

// InspectListFlatpaks lists the flatpaks of a system, applications and runtimes,
// those of its users too: the branch is the release. Libguestfs has no such call.
func (g *Handle) InspectListFlatpaks(ctx context.Context, root Mountable) ([]Application2, error) {
	return g.listApplications(ctx, "inspect_list_flatpaks", root, "flatpak")
}

func (g *Handle) listApplications(ctx context.Context, op string, root Mountable, kind string) ([]Application2, error) {
	r := &applicationReader{op: op, list: []Application2{}}
	if err := g.internalListApplications(ctx, root, kind, r); err != nil {
		return nil, err
	}
	if len(r.rest) > 0 {
		return nil, invalid(op, "the daemon sent half an application")
	}
	slices.SortStableFunc(r.list, func(a, b Application2) int { return cmp.Compare(a.App2Name, b.App2Name) })
	return r.list, nil
}

// Bounds on what the daemon sends: it is in the hands of a guest, perhaps.
const (
	applicationMax  = 1 << 20   // bytes of one
	applicationsMax = 256 << 20 // and of all
)

// applicationReader takes apart what internal_list_applications sends: for each
// application a length of 32 bits in big endian, and the structure in XDR.
type applicationReader struct {
	op   string
	list []Application2
	rest []byte
	all  int
}

func (r *applicationReader) Write(p []byte) (int, error) {
	if r.all += len(p); r.all > applicationsMax {
		return 0, invalid(r.op, "there is more than %d MiB", applicationsMax>>20)
	}
	b := append(r.rest, p...)
	for len(b) >= 4 {
		size := binary.BigEndian.Uint32(b)
		if size > applicationMax {
			return 0, invalid(r.op, "the daemon sent an application of %d bytes", size)
		}
		if len(b) < 4+int(size) {
			break
		}
		d := wire.NewDecoder(b[4 : 4+size])
		var a wire.Application2
		a.Decode(d)
		if err := d.Finish(); err != nil {
			return 0, &Error{Op: r.op, Msg: err.Error(), cause: err}
		}
		r.list = append(r.list, Application2(a))
		b = b[4+size:]
	}
	r.rest = append(r.rest[:0], b...)
	return len(p), nil
}
