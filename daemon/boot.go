package daemon

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// channelName is the virtio-serial port that leads to the library.
const channelName = "org.libguestfs.channel.0"

// modprobePath is where the kernel looks for its module loader
// (/proc/sys/kernel/modprobe).
const modprobePath = "/sbin/modprobe"

const portTimeout = 60 * time.Second

// bootMount is a filesystem that the appliance needs for itself.
type bootMount struct {
	source, target, fstype, data string
	flags                        uintptr
}

var bootMounts = []bootMount{
	{"proc", "/proc", "proc", "", unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV},
	{"sysfs", "/sys", "sysfs", "", unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV},
	{"devtmpfs", "/dev", "devtmpfs", "mode=755", unix.MS_NOSUID},
	{"devpts", "/dev/pts", "devpts", "gid=5,mode=620,ptmxmode=666", unix.MS_NOSUID | unix.MS_NOEXEC},
	{"tmpfs", "/dev/shm", "tmpfs", "mode=1777", unix.MS_NOSUID | unix.MS_NODEV},
	{"tmpfs", "/run", "tmpfs", "mode=755", unix.MS_NOSUID | unix.MS_NODEV},
	{"tmpfs", "/tmp", "tmpfs", "mode=1777", unix.MS_NOSUID | unix.MS_NODEV},
}

// Boot is process 1 of the appliance: it makes the system ready, serves the
// library until that goes away, and stops the machine. It does not return.
func Boot() {
	log.SetFlags(0)
	log.SetPrefix("guestfsd: ")
	debug.SetMemoryLimit(heapMax)
	if err := boot(); err != nil {
		log.Printf("error: %v", err)
	}
	powerOff()
}

func boot() error {
	for _, m := range bootMounts {
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.source, m.target, m.fstype, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	for name, to := range map[string]string{"/dev/fd": "/proc/self/fd", "/dev/stdin": "fd/0", "/dev/stdout": "fd/1", "/dev/stderr": "fd/2"} {
		if err := os.Symlink(to, name); err != nil {
			return err
		}
	}
	unix.Umask(0o022)
	if err := os.Setenv("PATH", programPath); err != nil { // the kernel sets none
		return err
	}
	go reapForever()
	readCommandLine()
	if err := loadBootModules(); err != nil {
		return err
	}
	// Only now: while it starts, the kernel asks for algorithms that nobody needs,
	// and each time would start this program, for 40 ms under emulation.
	if err := os.Symlink("/init", modprobePath); err != nil {
		return err
	}
	port, err := openPort()
	if err != nil {
		return err
	}
	if cmdline.foreign {
		if err := attachPresent(context.Background()); err != nil {
			log.Printf("warning: %v", err)
		}
	}
	server := New(port)
	server.lane = mapLane()
	return server.Serve(context.Background())
}

func reapForever() {
	dead := make(chan os.Signal, 1)
	signal.Notify(dead, syscall.SIGCHLD)
	for range dead {
		reapOrphans()
	}
}

// cmdline is what the kernel's command line tells the daemon.
var cmdline struct {
	verbose  bool
	foreign  bool   // started by libguestfs: drives are there from the start
	rootUUID string // libguestfs's empty root disk, which is not the guest's
}

func readCommandLine() {
	text, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		log.Printf("warning: %v", err)
	}
	cmdline.foreign = true
	for _, word := range strings.Fields(string(text)) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "guestfs_verbose":
			cmdline.verbose = value == "1"
		case "guestfs_hotplug": // our own library plugs the drives in later
			cmdline.foreign = value != "1"
		case "root":
			cmdline.rootUUID = strings.TrimPrefix(value, "UUID=")
		}
	}
}

// openPort waits for the port to the library and opens it. There is no udev:
// the port's name stands in sysfs.
func openPort() (*os.File, error) {
	for deadline := time.Now().Add(portTimeout); ; time.Sleep(2 * time.Millisecond) {
		names, _ := filepath.Glob("/sys/class/virtio-ports/*/name")
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err == nil && strings.TrimSpace(string(text)) == channelName {
				return os.OpenFile("/dev/"+filepath.Base(filepath.Dir(name)), os.O_RDWR, 0)
			}
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("no virtio-serial port %s after %s", channelName, portTimeout)
		}
	}
}

// powerOff flushes the disks and stops the machine; QEMU runs with -no-reboot,
// so that a reset ends it.
func powerOff() {
	if err := unmountEverything(); err != nil {
		log.Printf("warning: %v", err)
	}
	unix.Sync()
	if os.Getpid() != 1 {
		os.Exit(1)
	}
	err := unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	log.Printf("error: reboot: %v", err)
	select {}
}
