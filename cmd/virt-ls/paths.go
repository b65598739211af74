package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"virt-tools/internal/cli"
	"virt-tools/pkg/guestfs"
)

// target is what one argument stands for.
type target struct {
	path    guestfs.Path
	matched bool // a pattern did: it may be a file
}

const wildcards = "*?[{"

// expand finds what an argument names. It is a pattern only if nothing has that very name.
// In a guest with Windows the paths are good until the next call.
func expand(ctx context.Context, g guest, system *cli.System, name string) ([]target, error) {
	at := strings.IndexAny(name, wildcards)
	if at < 0 {
		path, err := system.Path(ctx, name)
		return []target{{path: path}}, err
	}
	path, err := system.Path(ctx, name)
	if err == nil {
		_, err = g.Lstatns(ctx, path)
	}
	if err == nil {
		return []target{{path: path}}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	pattern, err := patternPath(ctx, system, name, at)
	if err != nil {
		return nil, err
	}
	noSlash := false
	paths, err := g.GlobExpand(ctx, pattern, &guestfs.GlobExpandOpts{Directoryslash: &noSlash})
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: nothing has this name or matches it", name)
	}
	var targets []target
	for _, path := range paths {
		targets = append(targets, target{guestfs.Path(path), true})
	}
	return targets, nil
}

// patternPath is the path of a pattern whose first wildcard is at at: what stands before it, up to a
// slash, is looked up.
func patternPath(ctx context.Context, system *cli.System, name string, at int) (guestfs.Path, error) {
	if !system.Windows() {
		return guestfs.Path(name), nil
	}
	start := strings.LastIndexAny(name[:at], `/\`) + 1
	folder, err := system.Path(ctx, name[:start])
	if err != nil {
		return "", err
	}
	return guestfs.Path(strings.TrimSuffix(string(folder), "/") + "/" + strings.ReplaceAll(name[start:], `\`, "/")), nil
}
