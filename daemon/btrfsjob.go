package daemon

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"virt-tools/internal/wire"
)

// scrubState is where the btrfs program keeps the counters of scrubs.
const scrubState = "/var/lib/btrfs"

func (c *Call) scrub(path string, args ...string) (string, error) {
	if err := os.MkdirAll(scrubState, 0o700); err != nil {
		return "", err
	}
	out, err := c.btrfsOn(path, append([]string{"scrub"}, args...)...)
	return out, notRunning(err)
}

// notRunning gives the error number that the kernel gave to the program when
// there is no scrub and no balance.
func notRunning(err error) error {
	if err != nil && (strings.Contains(err.Error(), "ot running") || strings.Contains(err.Error(), "Not in progress")) {
		return withErrno(syscall.ENOTCONN, "%w", err)
	}
	return err
}

func doBtrfsScrubStart(c *Call, path string) error { return c.scrubAside(path, "start") }

// scrubAside runs a scrub that goes on when the call has ended.
func (c *Call) scrubAside(path, command string) error {
	real, err := c.resolve(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(scrubState, 0o700); err != nil {
		return err
	}
	_, _, err = c.runProgram(&program{argv: []string{"btrfs", "scrub", command, real}, leaves: true})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func doBtrfsScrubCancel(c *Call, path string) error {
	_, err := c.scrub(path, "cancel")
	return err
}

func doBtrfsScrubResume(c *Call, path string) error { return c.scrubAside(path, "resume") }

// doBtrfsScrubFull fails when there are errors that could not be corrected.
func doBtrfsScrubFull(c *Call, path string, opts *btrfsScrubFullOpts) error {
	argv := []string{"start", "-B"}
	if opts.Readonly != nil && *opts.Readonly {
		argv = append(argv, "-r")
	}
	defer c.pulse()()
	_, err := c.scrub(path, argv...)
	return err
}

func doBtrfsScrubStatus(c *Call, path string) (*wire.BTRFSScrub, error) {
	out, err := c.scrub(path, "status", "-R")
	if err != nil {
		return nil, err
	}
	return parseScrubStatus(out)
}

// parseScrubStatus takes lines "read_errors: 0". Lines it does not know tell of
// times and rates.
func parseScrubStatus(out string) (*wire.BTRFSScrub, error) {
	var s wire.BTRFSScrub
	fields := map[string]*uint64{
		"data_extents_scrubbed": &s.BtrfsscrubDataExtentsScrubbed, "tree_extents_scrubbed": &s.BtrfsscrubTreeExtentsScrubbed,
		"data_bytes_scrubbed": &s.BtrfsscrubDataBytesScrubbed, "tree_bytes_scrubbed": &s.BtrfsscrubTreeBytesScrubbed,
		"read_errors": &s.BtrfsscrubReadErrors, "csum_errors": &s.BtrfsscrubCsumErrors, "verify_errors": &s.BtrfsscrubVerifyErrors,
		"no_csum": &s.BtrfsscrubNoCsum, "csum_discards": &s.BtrfsscrubCsumDiscards, "super_errors": &s.BtrfsscrubSuperErrors,
		"malloc_errors": &s.BtrfsscrubMallocErrors, "uncorrectable_errors": &s.BtrfsscrubUncorrectableErrors,
		"unverified_errors": &s.BtrfsscrubUnverifiedErrors, "corrected_errors": &s.BtrfsscrubCorrectedErrors,
		"last_physical": &s.BtrfsscrubLastPhysical,
	}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		field := fields[name]
		if field == nil {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("btrfs: cannot read %q", strings.TrimSpace(line))
		}
		*field = n
	}
	return &s, nil
}

func doBtrfsFilesystemBalance(c *Call, fs string) error {
	defer c.pulse()()
	_, err := c.btrfsOn(fs, "balance", "start", "--full-balance")
	return err
}

func doBtrfsBalancePause(c *Call, path string) error {
	_, err := c.btrfsOn(path, "balance", "pause")
	return notRunning(err)
}

func doBtrfsBalanceCancel(c *Call, path string) error {
	_, err := c.btrfsOn(path, "balance", "cancel")
	return notRunning(err)
}

func doBtrfsBalanceResume(c *Call, path string) error {
	defer c.pulse()()
	_, err := c.btrfsOn(path, "balance", "resume")
	return notRunning(err)
}

func doBtrfsBalanceStatus(c *Call, path string) (*wire.BTRFSBalance, error) {
	real, err := c.resolve(path)
	if err != nil {
		return nil, err
	}
	const underWay = 1
	out, _, err := c.runProgram(&program{argv: []string{"btrfs", "balance", "status", real}, okExit: []int{underWay}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return parseBalanceStatus(out)
}

var (
	balanceState = regexp.MustCompile(`(?m)^Balance on '.*' is (running|paused)`)
	balanceCount = regexp.MustCompile(`(?m)^(\d+) out of about (\d+) chunks balanced \((\d+) considered\),\s+(\d+)% left`)
)

func parseBalanceStatus(out string) (*wire.BTRFSBalance, error) {
	if strings.HasPrefix(out, "No balance found on") {
		return &wire.BTRFSBalance{BtrfsbalanceStatus: "none"}, nil
	}
	state, count := balanceState.FindStringSubmatch(out), balanceCount.FindStringSubmatch(out)
	if state == nil || count == nil {
		return nil, fmt.Errorf("btrfs: cannot read the state of the balance in %q", out)
	}
	b := &wire.BTRFSBalance{BtrfsbalanceStatus: state[1]}
	var errs []error
	for i, to := range []*uint64{&b.BtrfsbalanceBalanced, &b.BtrfsbalanceTotal, &b.BtrfsbalanceConsidered, &b.BtrfsbalanceLeft} {
		n, err := strconv.ParseUint(count[i+1], 10, 64)
		*to, errs = n, append(errs, err)
	}
	return b, errors.Join(errs...)
}
