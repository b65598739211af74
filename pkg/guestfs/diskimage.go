package guestfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"

	"virt-tools/internal/image"
)

// The calls of this file look at disk images of the host. They need no launch,
// and read headers only: no file that an image names is opened.

// DiskFormat calls disk_format: the format of a disk image, as "qcow2". What
// is in no known format is "raw". The answer about an image that its guest
// could write is the guest's own word: a raw disk may begin like a qcow2 image.
func (g *Handle) DiskFormat(ctx context.Context, filename string) (string, error) {
	info, err := inspectImage("disk_format", filename)
	return string(info.Format), err
}

// DiskVirtualSize calls disk_virtual_size: the size of the disk in an image as
// a guest sees it, in whole sectors.
func (g *Handle) DiskVirtualSize(ctx context.Context, filename string) (int64, error) {
	const op = "disk_virtual_size"
	info, err := inspectImage(op, filename)
	if err != nil {
		return 0, err
	}
	if info.VirtualSize == 0 && info.Format != image.Raw {
		return sizeFromQEMU(ctx, op, filename, &info)
	}
	return (info.VirtualSize + sectorBytes - 1) &^ (sectorBytes - 1), nil
}

const sectorBytes = 512

// DiskHasBackingFile calls disk_has_backing_file: whether an image has another
// one below it. That one need not be there.
func (g *Handle) DiskHasBackingFile(ctx context.Context, filename string) (bool, error) {
	info, err := inspectImage("disk_has_backing_file", filename)
	return info.Backing != "", err
}

// inspectImage reads the header of an image whose format is not known.
func inspectImage(op, filename string) (image.Info, error) {
	f, err := image.OpenFile(filename, false)
	if err != nil {
		return image.Info{}, imageError(op, filename, err)
	}
	defer f.Close()
	format, err := image.Detect(f, f.Size)
	if err != nil {
		return image.Info{}, imageError(op, filename, err)
	}
	info, err := image.Inspect(f, f.Size, format)
	if err != nil {
		return image.Info{}, imageError(op, filename, fmt.Errorf("%s: %w", filename, err))
	}
	return info, nil
}

func imageError(op, filename string, err error) error {
	e := &Error{Op: op, Path: filename, Msg: err.Error(), cause: err}
	var explained *image.Error
	if errors.As(err, &explained) {
		e.hint = explained.Hint()
	}
	return e
}

// sizeFromQEMU asks QEMU about the formats whose headers we do not read.
func sizeFromQEMU(ctx context.Context, op, filename string, info *image.Info) (int64, error) {
	if refs := info.References(); len(refs) > 0 {
		return 0, &Error{Op: op, Path: filename, Errno: "ENOTSUP", Msg: fmt.Sprintf("%s: the size is in another file: %s", filename, refs[0])}
	}
	f, err := image.OpenFile(filename, false)
	if err != nil {
		return 0, imageError(op, filename, err)
	}
	defer f.Close()
	out, err := qemuImg(ctx, op, "info", "--output=json", "--force-share", "-f", string(info.Format), f.Path)
	if err != nil {
		return 0, err
	}
	var answer struct {
		VirtualSize int64 `json:"virtual-size"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return 0, &Error{Op: op, Path: filename, Msg: "qemu-img: " + err.Error(), cause: err}
	}
	return answer.VirtualSize, nil
}

// qemuImg runs qemu-img and returns what it prints.
func qemuImg(ctx context.Context, op string, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "qemu-img", args...).Output()
	if err == nil {
		return out, nil
	}
	e := &Error{Op: op, Msg: err.Error(), cause: err}
	var failed *exec.ExitError
	switch {
	case ctx.Err() != nil:
		e.Msg, e.cause = "qemu-img: "+ctx.Err().Error(), ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		e.Msg, e.hint = "qemu-img is not installed", "it is in the Debian package qemu-utils"
	case errors.As(err, &failed):
		text, _, _ := strings.Cut(strings.TrimSpace(string(failed.Stderr)), "\n")
		e.Msg = "qemu-img: " + strings.TrimPrefix(text, "qemu-img: ")
		if strings.Contains(text, "No space left on device") {
			e.cause = syscall.ENOSPC
		}
	}
	return nil, e
}
