package cloneprep

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Operation is a subject that can be chosen by its name.
type Operation struct {
	Name      string
	Heading   string
	IsDefault bool

	for_ func(*root) bool // the systems it is for; nil: all
	// do works on the mounted files of a system. It is nil for what concerns
	// devices, which Run does itself.
	do func(context.Context, *root) error
}

// Operations lists them all by name.
func Operations() []Operation {
	return slices.SortedFunc(slices.Values(operations), func(a, b Operation) int { return strings.Compare(a.Name, b.Name) })
}

// Defaults are the names of those that are done when nobody chooses.
func Defaults() []string {
	var names []string
	for _, op := range Operations() {
		if op.IsDefault {
			names = append(names, op.Name)
		}
	}
	return names
}

// Select returns the operations that a list of names, -names, "defaults",
// "-defaults", "all" and "-all" chooses, beginning with none.
func Select(list []string) ([]string, error) {
	chosen := map[string]bool{}
	for _, item := range list {
		name, off := strings.CutPrefix(item, "-")
		known := false
		for _, op := range operations {
			if name == "all" || name == "defaults" && op.IsDefault || name == op.Name {
				chosen[op.Name] = !off
				known = true
			}
		}
		if !known {
			return nil, fmt.Errorf("there is no operation %q", name)
		}
	}
	names := []string{}
	for _, op := range Operations() {
		if chosen[op.Name] {
			names = append(names, op.Name)
		}
	}
	return names, nil
}

// remove makes an operation that removes files, not directories, by patterns.
func remove(patterns ...string) func(context.Context, *root) error {
	return func(ctx context.Context, r *root) error { return r.removeFiles(ctx, patterns...) }
}

// removeAll makes one that removes what is below directories, too.
func removeAll(patterns ...string) func(context.Context, *root) error {
	return func(ctx context.Context, r *root) error { return r.removeTrees(ctx, patterns...) }
}

// dropLines makes one that takes lines with these variables out of shell-like
// files.
func dropLines(pattern string, variables ...string) func(context.Context, *root) error {
	return func(ctx context.Context, r *root) error {
		return r.edit(ctx, pattern, func(text string) string { return withoutVariables(text, variables...) })
	}
}

// withoutVariables returns text without the lines that set one of the variables.
func withoutVariables(text string, variables ...string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		name, _, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && slices.Contains(variables, strings.TrimSpace(strings.TrimPrefix(name, "export "))) {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}
