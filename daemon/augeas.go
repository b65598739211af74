package daemon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"virt-tools/internal/wire"
)

// doAugInit starts Augeas anew and has it read the files below root, as far as
// the flags do not say otherwise.
func doAugInit(c *Call, root string, flags int) error {
	c.server.closeAugeas()
	a, err := startAugeas()
	if err != nil {
		return err
	}
	if _, err := a.ask(c, "init", &root, decimal(int(uint32(flags)))); err != nil {
		a.close()
		return err
	}
	c.server.augeas = a
	return nil
}

// augeas asks the program that doAugInit started. about is what an error is
// about.
func (c *Call) augeas(about []string, operation string, args ...*string) ([]*string, error) {
	a := c.server.augeas
	if a == nil {
		return nil, withErrno(syscall.EINVAL, "you must call 'aug-init' first to initialize Augeas")
	}
	results, err := a.ask(c, operation, args...)
	if err == nil {
		return results, nil
	}
	if a.ended() {
		c.server.closeAugeas()
		return nil, err
	}
	if len(about) > 0 {
		err = fmt.Errorf("%s: %w", strings.Join(about, ": "), err)
	}
	return nil, err
}

// augeasCount is augeas with a number as result.
func (c *Call) augeasCount(about []string, operation string, args ...*string) (int, error) {
	results, err := c.augeas(about, operation, args...)
	if err != nil {
		return 0, err
	}
	return resultNumber(results, 0)
}

func decimal(n int) *string {
	s := strconv.Itoa(n)
	return &s
}

func digit(b bool) *string {
	if b {
		return decimal(1)
	}
	return decimal(0)
}

func doAugClose(c *Call) error {
	if _, err := c.augeas(nil, "close"); err != nil {
		return err
	}
	c.server.closeAugeas()
	return nil
}

func doAugDefvar(c *Call, name string, expr *string) (int, error) {
	about := []string{name, "(null)"}
	if expr != nil {
		about[1] = *expr
	}
	return c.augeasCount(about, "defvar", &name, expr)
}

func doAugDefnode(c *Call, name, expr, val string) (*wire.IntBool, error) {
	results, err := c.augeas([]string{name, expr, val}, "defnode", &name, &expr, &val)
	if err != nil {
		return nil, err
	}
	nodes, err := resultNumber(results, 0)
	if err != nil {
		return nil, err
	}
	created, err := resultNumber(results, 1)
	return &wire.IntBool{I: int32(nodes), B: int32(created)}, err
}

func doAugGet(c *Call, augpath string) (string, error) {
	value, found, err := c.augeasValue("get", augpath)
	if err == nil && !found {
		err = withErrno(syscall.ENOENT, "%s: no matching node", augpath)
	}
	if err == nil && value == nil {
		err = withErrno(syscall.EINVAL, "%s: the node has no value", augpath)
	}
	if err != nil {
		return "", err
	}
	return *value, nil
}

func doAugLabel(c *Call, augpath string) (string, error) {
	label, found, err := c.augeasValue("label", augpath)
	if err == nil && (!found || label == nil) {
		err = withErrno(syscall.ENOENT, "%s: no matching nodes found", augpath)
	}
	if err != nil {
		return "", err
	}
	return *label, nil
}

// augeasValue asks for the value or the label of a node, which may have none.
func (c *Call) augeasValue(operation, augpath string) (value *string, found bool, err error) {
	results, err := c.augeas([]string{augpath}, operation, &augpath)
	if err != nil {
		return nil, false, err
	}
	kind, err := resultText(results, 0)
	if err != nil || kind == "none" {
		return nil, false, err
	}
	if len(results) < 2 {
		return nil, false, errAugeasAnswer
	}
	return results[1], true, nil
}

func doAugSet(c *Call, augpath, val string) error {
	_, err := c.augeas([]string{augpath, val}, "set", &augpath, &val)
	return err
}

func doAugClear(c *Call, augpath string) error {
	_, err := c.augeas([]string{augpath}, "set", &augpath, nil)
	return err
}

func doAugSetm(c *Call, base string, sub *string, val string) (int, error) {
	about := []string{base, "(null)", val}
	if sub != nil {
		about[1] = *sub
	}
	return c.augeasCount(about, "setm", &base, sub, &val)
}

func doAugInsert(c *Call, augpath, label string, before bool) error {
	about := []string{augpath, fmt.Sprintf("%s [before=%s]", label, *digit(before))}
	_, err := c.augeas(about, "insert", &augpath, &label, digit(before))
	return err
}

func doAugRm(c *Call, augpath string) (int, error) {
	return c.augeasCount([]string{augpath}, "rm", &augpath)
}

func doAugMv(c *Call, src, dest string) error {
	_, err := c.augeas([]string{src, dest}, "mv", &src, &dest)
	return err
}

// doAugMatch returns the nodes in Augeas's order, which is that of the tree.
func doAugMatch(c *Call, augpath string) ([]string, error) {
	results, err := c.augeas([]string{augpath}, "match", &augpath)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(results))
	for i := range results {
		if paths[i], err = resultText(results, i); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// doAugLs lists what is below a node, sorted.
func doAugLs(c *Call, augpath string) ([]string, error) {
	if augpath != "/" && strings.HasSuffix(augpath, "/") || strings.HasSuffix(augpath, "]") || strings.HasSuffix(augpath, "*") {
		return nil, withErrno(syscall.EINVAL, "don't use aug-ls with a path that ends with / ] *")
	}
	paths, err := doAugMatch(c, strings.TrimSuffix(augpath, "/")+"/*")
	slices.Sort(paths)
	return paths, err
}

func doAugLoad(c *Call) error {
	_, err := c.augeas(nil, "load")
	return err
}

func doAugTransform(c *Call, lens, file string, opts *augTransformOpts) error {
	remove := opts.Remove != nil && *opts.Remove
	_, err := c.augeas([]string{lens, file}, "transform", &lens, &file, digit(remove))
	return err
}

// doAugSave says which files could not be written, and why: Augeas keeps that
// in its tree, and calls the error "No error".
func doAugSave(c *Call) error {
	_, err := c.augeas(nil, "save")
	if err == nil || c.server.augeas == nil {
		return err
	}
	paths, matchErr := doAugMatch(c, "/augeas/files//error")
	if matchErr != nil || len(paths) == 0 {
		return err
	}
	const most = 5
	var reasons []string
	for _, p := range paths {
		kind, getErr := doAugGet(c, p)
		if getErr != nil || kind == "parse_failed" {
			continue // when it was read
		}
		file := strings.TrimSuffix(strings.TrimPrefix(p, "/augeas/files"), "/error")
		reason := file + ": " + kind
		if message, getErr := doAugGet(c, p+"/message"); getErr == nil {
			reason += ": " + message
		}
		if reasons = append(reasons, reason); len(reasons) == most {
			break
		}
	}
	if len(reasons) == 0 {
		return err
	}
	return withErrno(syscall.EINVAL, "%s", strings.Join(reasons, "; "))
}
