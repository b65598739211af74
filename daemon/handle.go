package daemon

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// noHeader is that of a call which nobody made.
var noHeader wire.Header

// doSync writes everything out. The kernel's own sync(2) tells of no errors, so
// each filesystem of the guest is asked for what it could not write.
func doSync(c *Call) error {
	mounts, err := guestMounts(sysroot)
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range mounts {
		if err := syncFilesystem(m.Target); err != nil {
			path, _ := inside(m.Target, sysroot)
			errs = append(errs, &os.PathError{Op: "sync", Path: path, Err: err})
		}
	}
	unix.Sync() // and the devices that hold no filesystem
	return oneError(errs)
}

func doPingDaemon(*Call) error { return nil }

func doEchoDaemon(_ *Call, words []string) (string, error) { return strings.Join(words, " "), nil }

func doUtsname(*Call) (*wire.UTSName, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return nil, err
	}
	text := func(b []byte) string { return string(b[:max(0, bytes.IndexByte(b, 0))]) }
	return &wire.UTSName{UtsSysname: text(u.Sysname[:]), UtsRelease: text(u.Release[:]), UtsVersion: text(u.Version[:]), UtsMachine: text(u.Machine[:])}, nil
}

func doDmesg(*Call) (string, error) {
	const readAll, size = 3, 10 // syslog(2)
	n, err := unix.Klogctl(size, nil)
	if err != nil {
		return "", err
	}
	buf := make([]byte, n)
	n, err = unix.Klogctl(readAll, buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

func doModprobe(_ *Call, name string) error {
	err := probeModule(name)
	if errors.Is(err, errNoModule) {
		return withErrno(syscall.ENOENT, "%w", err)
	}
	return err
}

func doDropCaches(_ *Call, what int) error {
	if what < 0 || what > 3 {
		return withErrno(syscall.EINVAL, "whattodrop is %d; it must be from 0 to 3", what)
	}
	unix.Sync()
	if what == 0 {
		return nil
	}
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte{byte('0' + what)}, 0)
}

func doSleep(c *Call, secs int) error {
	select {
	case <-time.After(time.Duration(secs) * time.Second):
		return nil
	case <-c.Done():
		return c.Err()
	}
}

// doUmask sets the mask of the guest's thread, which makes the guest's files,
// and of the others, from which programs have it.
func doUmask(c *Call, mask int) (int, error) {
	if mask < 0 || mask > 0o777 {
		return 0, withErrno(syscall.EINVAL, "%#o: mask negative or out of range", mask)
	}
	unix.Umask(mask)
	old := 0
	err := c.inGuest(func() error { old = unix.Umask(mask); return nil })
	return old, err
}

func doGetUmask(c *Call) (int, error) {
	mask := 0
	err := c.inGuest(func() error { mask = currentUmask(); return nil })
	return mask, err
}

// currentUmask is the mask of the thread: it can only be read by setting it.
func currentUmask() int {
	mask := unix.Umask(0)
	unix.Umask(mask)
	return mask
}

// doInternalAutosync makes the guest's filesystems safe before the machine
// stops. What cannot be unmounted or flushed is an error the library reports.
func doInternalAutosync(c *Call) error {
	c.server.closeJournal()
	err := unmountEverything()
	unix.Sync()
	return errors.Join(err, flushDisks())
}

func doInternalExit(*Call) error { return errExit }

// flushDisks makes every disk write its cache through (fsync on the device).
func flushDisks() error {
	disks, err := wholeDisks()
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range disks {
		f, err := os.Open(d)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, f.Sync(), f.Close())
	}
	return errors.Join(errs...)
}

func doAvailableAllGroups(*Call) ([]string, error) {
	names := []string{}
	for _, f := range features {
		names = append(names, f.name)
	}
	slices.Sort(names)
	return names, nil
}

// Answers of internal_feature_available.
const (
	featureThere   = 0
	featureMissing = 1
	featureUnknown = 2
)

func doInternalFeatureAvailable(_ *Call, group string) (int, error) {
	switch {
	case !featureKnown(group):
		return featureUnknown, nil
	case !featureAvailable(group):
		return featureMissing, nil
	}
	return featureThere, nil
}
