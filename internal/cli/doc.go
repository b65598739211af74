// Package cli holds what the command-line tools share: the standard options and their
// rules, messages, exit statuses, signals, and the manual page and shell completion
// made from the same options.
//
//	var program = cli.Program{Name: "virt-df", Usage: []string{"[options] -a disk.img"}, Page: page}
//
//	type options struct { cli.Common; cli.Guest; CSV bool `help:"Write comma-separated values."` }
//
//	status := program.Run(ctx, args, cli.Stdio{In: stdin, Out: stdout, Err: stderr}, &opts, df)
//
// A tool declares one struct of options, which kong turns into a model. Arguments are first
// rewritten by the rules of getopt_long (abbreviated names, bundled letters, optional
// values, options after arguments), since scripts written for libguestfs rely on them.
//
// Rules of output: stdout is data only. Messages go to stderr as "virt-df: error: ...",
// "virt-df: warning: ..." and "virt-df: hint: ...". What a guest says is made harmless before
// it reaches a terminal.
//
// It does not hold anything that only one tool needs.
package cli
