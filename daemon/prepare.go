package daemon

import (
	"errors"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"golang.org/x/sys/unix"
)

// preloaded are modules that most guests need. In a saved appliance they are there from
// the start. Under emulation ext4 takes 0.1 s to load, xfs and btrfs 0.5 s each.
var preloaded = []string{"ext4", "xfs", "btrfs", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859_1", "nls_utf8", "dm_mod", "fuse"}

// heapGrowth is how far the heap grows between collections, in percent: from 4 to 16 MiB
// at first. Most appliances are gone before that, and the first collection of a
// process costs 20 ms under emulation.
const (
	heapGrowth = 400
	heapBytes  = 16 << 20
	// heapMax bounds that growth: five times what a large reply needed for a moment is
	// more memory than the appliance has. Beyond it, collections get frequent.
	heapMax = 96 << 20
)

// doInternalPrepare makes the appliance ready to be saved. Everything done here is
// done once for all launches to come. Emulation translates code when it first runs,
// in every launch anew: so what matters is code that need not run at all.
func doInternalPrepare(c *Call) error {
	for _, name := range preloaded {
		if err := probeModule(name); err != nil && !errors.Is(err, errNoModule) {
			log.Printf("warning: %v", err)
		}
	}
	ownCalls()
	if err := c.inGuest(func() error { return nil }); err != nil { // starts the guest's thread
		return err
	}
	startThreads()
	debug.SetGCPercent(heapGrowth)
	runtime.KeepAlive(make([]byte, heapBytes)) // asks the kernel for address space now
	debug.FreeOSMemory()
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0)
}

// startThreads makes the threads that calls will wait in for the kernel.
func startThreads() {
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			pause := unix.Timespec{Nsec: 20e6}
			unix.Nanosleep(&pause, nil)
		})
	}
	all.Wait()
}
