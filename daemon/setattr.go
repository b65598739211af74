package daemon

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func doLchown(c *Call, owner, group int, path string) error {
	return c.onPath("chown", path, func() error { return unix.Lchown(path, owner, group) })
}

// Numbers of nanoseconds that mean something else in utimens.
const (
	utimeNow  = -1
	utimeKeep = -2
)

func doUtimens(c *Call, path string, atsecs, atnsecs, mtsecs, mtnsecs int64) error {
	times := []unix.Timespec{{Sec: atsecs, Nsec: atnsecs}, {Sec: mtsecs, Nsec: mtnsecs}}
	for i := range times {
		switch times[i].Nsec {
		case utimeNow:
			times[i].Nsec = unix.UTIME_NOW
		case utimeKeep:
			times[i].Nsec = unix.UTIME_OMIT
		}
	}
	return c.onPath("utimensat", path, func() error {
		return unix.UtimesNanoAt(unix.AT_FDCWD, path, times, unix.AT_SYMLINK_NOFOLLOW)
	})
}

// doCopyAttributes copies what was asked for; with all, what was not refused.
// The order matters: a new owner takes away set-user-ID and capabilities.
func doCopyAttributes(c *Call, src, dest string, opts *copyAttributesOpts) error {
	wanted := func(one *bool) bool {
		if one == nil {
			one = opts.All
		}
		return one != nil && *one
	}
	return c.inGuest(func() error {
		var from, to unix.Stat_t
		if err := unix.Stat(src, &from); err != nil {
			return &os.PathError{Op: "stat", Path: src, Err: err}
		}
		if err := unix.Stat(dest, &to); err != nil {
			return &os.PathError{Op: "stat", Path: dest, Err: err}
		}
		mode, changed := to.Mode, false
		if wanted(opts.Ownership) && (from.Uid != to.Uid || from.Gid != to.Gid) {
			if err := unix.Chown(dest, int(from.Uid), int(from.Gid)); err != nil {
				return &os.PathError{Op: "chown", Path: dest, Err: err}
			}
			changed = true
		}
		if wanted(opts.Mode) && (from.Mode^to.Mode)&0o7777 != 0 {
			mode, changed = from.Mode, true
		}
		if changed {
			if err := unix.Chmod(dest, mode&0o7777); err != nil {
				return &os.PathError{Op: "chmod", Path: dest, Err: err}
			}
		}
		if wanted(opts.Xattributes) {
			return copyXattrs(src, dest)
		}
		return nil
	})
}

// copyXattrs follows links on both sides.
func copyXattrs(src, dest string) error {
	attrs, err := xattrsOf(src, followLinks)
	if err != nil {
		return &os.PathError{Op: "getxattr", Path: src, Err: err}
	}
	for _, x := range attrs {
		if err := unix.Setxattr(dest, x.name, x.value, 0); err != nil {
			return fmt.Errorf("%s: extended attribute %s: %w", dest, x.name, err)
		}
	}
	return nil
}
