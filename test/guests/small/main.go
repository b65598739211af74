// Command small makes the small test guests and prints the names of their images.
//
//	go run ./test/guests/small            # all of them
//	go run ./test/guests/small ubuntu     # these
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"virt-tools/test/guests"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "small: error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	all := guests.Small()
	if len(names) > 0 {
		all = nil
		for _, name := range names {
			g, err := guests.Named(name)
			if err != nil {
				return err
			}
			all = append(all, g)
		}
	}
	for _, g := range all {
		images, err := g.Images(ctx)
		if err != nil {
			return err
		}
		fmt.Println(g.Name, strings.Join(images, " "))
	}
	return nil
}
