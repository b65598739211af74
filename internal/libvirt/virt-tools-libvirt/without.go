//go:build !(cgo && libvirt_dlopen)

package main

import "virt-tools/internal/libvirt"

// server of a program that was built without libvirt answers so.
type server struct{}

func newServer() *server { return &server{} }

func (*server) close() {}

func (*server) answer(*libvirt.Request) *libvirt.Answer {
	return &libvirt.Answer{Error: &libvirt.Error{
		Code: libvirt.CodeMissing,
		Text: "virt-tools-libvirt was built without libvirt; it needs cgo and -tags libvirt_dlopen",
	}}
}
