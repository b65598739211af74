// Command pack compresses the daemon for the programs that embed it.
//
//	go run ./appliance/pack bin/guestfsd appliance/embedded/guestfsd.zst
//
// The output is only written when it changes, so that make and the Go build
// cache see that nothing is to be done.
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/klauspost/compress/zstd"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pack INPUT OUTPUT")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "pack: error:", err)
		os.Exit(1)
	}
}

func pack(input, output string) error {
	data, err := os.ReadFile(input)
	if err != nil {
		return err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	packed := enc.EncodeAll(data, nil)
	if old, err := os.ReadFile(output); err == nil && bytes.Equal(old, packed) {
		return nil
	}
	temp := output + ".new"
	if err := os.WriteFile(temp, packed, 0o644); err != nil {
		return err
	}
	return os.Rename(temp, output)
}
