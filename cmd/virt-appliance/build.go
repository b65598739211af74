package main

import (
	"context"

	"virt-tools/appliance"
	"virt-tools/internal/cli"
)

type buildOptions struct {
	Dir string `arg:"" optional:"" help:"Folder for a self-contained appliance."`
}

// build makes sure that the cached appliance is right, and copies it out when a folder was given.
func (o *options) build(ctx context.Context, c *cli.Console) error {
	if o.Build.Dir != "" {
		return appliance.Write(ctx, o.Build.Dir, notes(c))
	}
	_, err := appliance.Find(ctx, notes(c))
	return err
}
