package main

import (
	"bytes"
	"fmt"

	"virt-tools/internal/api"
)

// statusList writes docs/status.md: every call and how far it is.
func statusList(w *bytes.Buffer) {
	fmt.Fprint(w, "<!-- Written by `make generate` from internal/api; do not edit. -->\n\n# How far the calls are\n\n")
	fmt.Fprint(w, "Every call of libguestfs 1.61.1, by group. Deprecated calls are marked †, internal ones ‡.\nHow far the tools are stands in [tools.md](tools.md).\n\n")
	var total [4]int
	groups := map[string]*[4]int{}
	var order []string
	for _, c := range api.Calls() {
		if c.Proc >= api.ProcOwn {
			continue
		}
		if groups[c.Group] == nil {
			groups[c.Group] = new([4]int)
			order = append(order, c.Group)
		}
		groups[c.Group][c.Status]++
		total[c.Status]++
	}
	fmt.Fprint(w, "| group | done | partial | planned | not planned |\n|---|--:|--:|--:|--:|\n")
	row := func(name string, n *[4]int) {
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d |\n", name, n[api.Done], n[api.Partial], n[api.Planned], n[api.NotPlanned])
	}
	for _, g := range order {
		row(g, groups[g])
	}
	row("**all**", &total)
	fmt.Fprintln(w)
	fmt.Fprintf(w, "Of the calls that the daemon answers, leaving out internal and deprecated ones, %s. ", builtOf(func(c *api.Call) bool { return !c.Deprecated }))
	fmt.Fprintf(w, "Of the deprecated ones %s.\n", builtOf(func(c *api.Call) bool { return c.Deprecated }))
	for _, g := range order {
		fmt.Fprintf(w, "\n## %s\n\n| call | number | status | |\n|---|--:|---|---|\n", g)
		for _, c := range api.Calls() {
			if c.Group == g {
				statusRow(w, &c)
			}
		}
	}
}

// builtOf counts the daemon's public calls of a kind.
func builtOf(kind func(*api.Call) bool) string {
	built, all := 0, 0
	for _, c := range api.Calls() {
		if c.Side != api.Daemon || c.Internal || c.Proc >= api.ProcOwn || !kind(&c) {
			continue
		}
		all++
		if c.Built() {
			built++
		}
	}
	return fmt.Sprintf("%d of %d are done", built, all)
}

func statusRow(w *bytes.Buffer, c *api.Call) {
	mark, number, text := "", "", c.Summary
	if c.Deprecated {
		mark += "†"
	}
	if c.Internal {
		mark += "‡"
	}
	if c.Proc != 0 {
		number = fmt.Sprint(c.Proc)
	}
	if c.Note != "" {
		text = c.Note
	}
	fmt.Fprintf(w, "| `%s`%s | %s | %s | %s |\n", c.Name, mark, number, c.Status, text)
}
