// Command guestfsd is the init of the appliance. The kernel also runs it, as
// modprobe, to load the module of a filesystem that is about to be mounted.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"virt-tools/daemon"
)

func main() {
	if filepath.Base(os.Args[0]) == "modprobe" {
		os.Exit(daemon.Modprobe(os.Args[1:]))
	}
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "guestfsd: error: runs only as process 1 of the appliance")
		os.Exit(1)
	}
	daemon.Boot()
}
