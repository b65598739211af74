package cli

// Common are the options that every tool has. A tool embeds it in its options. Those that
// inform are never read from here: they are carried out before the rest is parsed.
type Common struct {
	Help    bool `informs:"" help:"Show this help and exit."`
	Trace   bool `short:"x" help:"Show every call that is made."`
	Verbose bool `short:"v" help:"Show what happens, with the messages of the appliance."`
	Version bool `short:"V" informs:"" help:"Show the version and exit."`

	// The rest is for packagers and shells, not for people.
	Generate     string `hidden:"" informs:"" placeholder:"man|bash|zsh|fish" help:"Write the manual page or a shell's completion and exit."`
	LongOptions  bool   `hidden:"" informs:"" help:"List the long options and exit."`
	ShortOptions bool   `hidden:"" informs:"" help:"List the short options and exit."`
}

// Options is what a tool's struct of options has by embedding Common.
type Options interface{ common() *Common }

func (c *Common) common() *Common { return c }
