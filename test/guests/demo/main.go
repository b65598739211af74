// Command demo makes the demo guest, if it is not there yet, and prints where.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"virt-tools/test/guests"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	image, err := guests.Demo(ctx, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: error:", err)
		os.Exit(1)
	}
	fmt.Println(image)
}
