// Virt-tools-libvirt looks libvirt's domains up for the tools and for pkg/guestfs, which
// start it. It is no program for people: requests come on standard input, answers go to
// standard output; internal/libvirt/message.go describes them.
//
// It is apart from the tools because it alone needs cgo: they stay static, and when
// libvirt hangs or dies they do not.
//
//	CGO_ENABLED=1 go build -tags libvirt_dlopen ./internal/libvirt/virt-tools-libvirt
//
// Libvirt itself is loaded at run time, so the program starts without it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"virt-tools/internal/libvirt"
)

func main() {
	// The tool that started it decides when it ends: a signal from the keyboard, which
	// reaches both, must not keep it from thawing a guest.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "virt-tools-libvirt:", err)
		os.Exit(1)
	}
}

// endTime is for the request that is being answered when the tool has gone.
const endTime = 10 * time.Second

// serve answers requests until there are no more.
func serve(in io.Reader, out io.Writer) error {
	s := newServer()
	defer s.close()
	requests, failed := make(chan *libvirt.Request), make(chan error, 1)
	go read(in, requests, failed)
	answers := json.NewEncoder(out)
	for r := range requests {
		if err := answers.Encode(s.answer(r)); err != nil {
			return err
		}
	}
	return <-failed
}

// read reads requests also while one is being answered: so it sees the end of them even
// when libvirt hangs.
func read(in io.Reader, requests chan<- *libvirt.Request, failed chan<- error) {
	defer close(requests)
	decoder := json.NewDecoder(in)
	for {
		var r libvirt.Request
		if err := decoder.Decode(&r); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			failed <- err
			time.AfterFunc(endTime, func() { os.Exit(1) })
			return
		}
		requests <- &r
	}
}
