package cloneprep

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Recipe is a command line in a file. docs/clone-recipe.md describes it.
type Recipe struct {
	Operations         []string `yaml:"operations,omitempty"`
	Hostname           string   `yaml:"hostname,omitempty"`
	MachineID          string   `yaml:"machine-id,omitempty"`
	RegenerateSSHKeys  bool     `yaml:"regenerate-ssh-keys,omitempty"`
	KeepUserAccounts   []string `yaml:"keep-user-accounts,omitempty"`
	RemoveUserAccounts []string `yaml:"remove-user-accounts,omitempty"`
	PasswordCrypto     string   `yaml:"password-crypto,omitempty"`
	NoSELinuxRelabel   bool     `yaml:"no-selinux-relabel,omitempty"`
	Force              bool     `yaml:"force,omitempty"`
	Steps              []Step   `yaml:"steps,omitempty"`
}

// maxRecipe bounds the file.
const maxRecipe = 4 << 20

// RecipeError is a mistake in a recipe. Line is 0 when it has no place.
type RecipeError struct {
	File string
	Line int
	Err  error
}

func (e *RecipeError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *RecipeError) Unwrap() error { return e.Err }

// ReadRecipe reads and checks a recipe; name is what errors call it.
func ReadRecipe(r io.Reader, name string) (*Recipe, error) {
	fail := func(line int, err error) (*Recipe, error) { return nil, &RecipeError{name, line, err} }
	text, err := io.ReadAll(io.LimitReader(r, maxRecipe+1))
	if err != nil {
		return fail(0, err)
	}
	if len(text) > maxRecipe {
		return fail(0, fmt.Errorf("larger than %d bytes", maxRecipe))
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err == io.EOF {
		return &Recipe{}, nil
	} else if err != nil {
		return fail(0, errors.New(strings.TrimPrefix(err.Error(), "yaml: ")))
	}
	if err := decoder.Decode(&yaml.Node{}); err != io.EOF {
		return fail(0, errors.New("there is more than one document"))
	}
	top := document.Content[0]
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return &Recipe{}, nil
	}
	if top.Kind != yaml.MappingNode {
		return fail(top.Line, errors.New("a recipe is keys and values, such as \"hostname: web-01\""))
	}
	recipe := &Recipe{}
	seen := map[string]bool{}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		if seen[key.Value] {
			return fail(key.Line, fmt.Errorf("%q is given twice", key.Value))
		}
		seen[key.Value] = true
		if line, err := recipe.set(key.Value, value); err != nil {
			return fail(max(line, key.Line), err)
		}
	}
	return recipe, nil
}

// set takes the value of a key; line is where an error is.
func (r *Recipe) set(key string, value *yaml.Node) (line int, err error) {
	switch key {
	case "operations":
		if err = texts(value, &r.Operations); err == nil {
			_, err = Select(r.Operations)
		}
	case "hostname":
		if err = text(value, &r.Hostname); err == nil {
			err = CheckHostname(r.Hostname)
		}
	case "machine-id":
		if err = text(value, &r.MachineID); err == nil {
			err = CheckMachineID(r.MachineID)
		}
	case "regenerate-ssh-keys":
		err = truth(value, &r.RegenerateSSHKeys)
	case "keep-user-accounts":
		err = texts(value, &r.KeepUserAccounts)
	case "remove-user-accounts":
		err = texts(value, &r.RemoveUserAccounts)
	case "password-crypto":
		if err = text(value, &r.PasswordCrypto); err == nil && !slices.Contains(Cryptos, r.PasswordCrypto) {
			err = fmt.Errorf("%q is none of %s", r.PasswordCrypto, strings.Join(Cryptos, ", "))
		}
	case "no-selinux-relabel":
		err = truth(value, &r.NoSELinuxRelabel)
	case "force":
		err = truth(value, &r.Force)
	case "steps":
		return r.steps(value)
	default:
		return 0, fmt.Errorf("unknown key %q", key)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", key, err)
	}
	return value.Line, err
}

func (r *Recipe) steps(list *yaml.Node) (line int, err error) {
	if list.Kind != yaml.SequenceNode {
		return list.Line, errors.New("steps: a list is wanted")
	}
	for _, item := range list.Content {
		if item.Kind != yaml.MappingNode || len(item.Content) != 2 {
			return item.Line, errors.New("steps: each is one key and a value, such as \"- delete: /srv/old\"")
		}
		step := Step{Name: item.Content[0].Value}
		if err := text(item.Content[1], &step.Value); err != nil {
			return item.Line, fmt.Errorf("steps: %s: %w", step.Name, err)
		}
		if step.kind() == nil {
			return item.Line, fmt.Errorf("steps: unknown key %q", step.Name)
		}
		if err := step.Check(); err != nil {
			return item.Line, fmt.Errorf("steps: %w", err)
		}
		r.Steps = append(r.Steps, step)
	}
	return 0, nil
}

// text takes a scalar as it is written: 0123 stays 0123.
func text(node *yaml.Node, to *string) error {
	if node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
		return errors.New("a text is wanted")
	}
	*to = node.Value
	return nil
}

func texts(node *yaml.Node, to *[]string) error {
	if node.Kind != yaml.SequenceNode {
		return errors.New("a list is wanted")
	}
	*to = []string{}
	for _, item := range node.Content {
		var s string
		if err := text(item, &s); err != nil {
			return err
		}
		*to = append(*to, s)
	}
	return nil
}

func truth(node *yaml.Node, to *bool) error {
	if node.Kind != yaml.ScalarNode || node.Decode(to) != nil {
		return errors.New("true or false is wanted")
	}
	return nil
}

// MarshalYAML writes a step as a recipe has it.
func (s Step) MarshalYAML() (any, error) { return map[string]string{s.Name: s.Value}, nil }

// Print writes the recipe.
func (r *Recipe) Print(w io.Writer) error {
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	return errors.Join(e.Encode(r), e.Close())
}
