package cli

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// generate writes what --generate asks for. All of it is made from the model that also
// parses the options, so none of it can fall behind.
func (p Program) generate(root *kong.Node, what string) (string, error) {
	switch what {
	case "man":
		return p.manual(root)
	case "bash":
		return p.bash(root), nil
	case "zsh":
		return p.zsh(root), nil
	case "fish":
		return p.fish(root), nil
	}
	return "", fmt.Errorf("--generate %q: it must be man, bash, zsh or fish", what)
}
