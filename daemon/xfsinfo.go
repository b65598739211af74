package daemon

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"virt-tools/internal/wire"
)

// doXfsInfo2 asks the kernel about a mounted filesystem and reads the device
// of another, or a file that holds one.
func doXfsInfo2(c *Call, at target) ([]wire.Pair, error) {
	argv, err := c.xfsInfoArgs(at)
	if err != nil {
		return nil, err
	}
	out, err := c.run(argv...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.Path, err)
	}
	return parseXFSInfo(out), nil
}

func (c *Call) xfsInfoArgs(at target) ([]string, error) {
	if at.IsDevice {
		if dir := mountedAt(at.Path); dir != "" {
			return []string{"xfs_growfs", "-n", dir}, nil
		}
		return []string{"xfs_db", "-r", "-p", "xfs_info", "-c", "info", at.Path}, nil
	}
	var st unix.Stat_t
	if err := c.onPath("stat", at.Path, func() error { return unix.Stat(at.Path, &st) }); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		real, err := c.regularPath(at.Path)
		return []string{"xfs_db", "-r", "-f", "-p", "xfs_info", "-c", "info", real}, err
	}
	real, err := c.resolve(at.Path)
	return []string{"xfs_growfs", "-n", real}, err
}

var (
	xfsFirst = regexp.MustCompile(`^(version\s\d+|\S+\slog|\S+)`)
	xfsField = regexp.MustCompile(`([-\w]+)=(\d+(?: (?:blks|extents))?)`)
)

// parseXFSInfo takes lines like
//
//	data     =                       bsize=4096   blocks=65536, imaxpct=25
//	         =                       sunit=0      swidth=0 blks
//
// as data.bsize, data.blocks and so on. What stands between the heading and
// the fields is the value of the heading itself.
func parseXFSInfo(out string) []wire.Pair {
	pairs := []wire.Pair{}
	heading := ""
	for line := range strings.Lines(out) {
		name, rest, ok := strings.Cut(strings.TrimRight(line, "\n"), "=")
		if !ok {
			continue
		}
		if name = strings.TrimSpace(name); name != "" {
			heading = name
			if first := xfsFirst.FindString(rest); first != "" {
				pairs = append(pairs, wire.Pair{Key: heading, Value: first})
				rest = rest[len(first):]
			}
		}
		for _, m := range xfsField.FindAllStringSubmatch(rest, -1) {
			pairs = append(pairs, wire.Pair{Key: heading + "." + m[1], Value: m[2]})
		}
	}
	return pairs
}

// doXfsInfo has the same in a structure that knows no newer fields.
func doXfsInfo(c *Call, at target) (*wire.XFSInfo, error) {
	pairs, err := doXfsInfo2(c, at)
	if err != nil {
		return nil, err
	}
	return xfsInfoOf(pairs)
}

func xfsInfoOf(pairs []wire.Pair) (*wire.XFSInfo, error) {
	values := map[string]string{}
	for _, p := range pairs {
		values[p.Key] = p.Value
	}
	number := func(key string, bits int) (uint64, error) {
		text := strings.TrimPrefix(values[key], "version ")
		text, _, _ = strings.Cut(text, " ")
		n, err := strconv.ParseUint(text, 10, bits)
		if err != nil {
			return 0, fmt.Errorf("xfs_info: field %s is %q", key, values[key])
		}
		return n, nil
	}
	i := &wire.XFSInfo{XfsMntpoint: values["meta-data"], XfsLogname: values["log"], XfsRtname: values["realtime"]}
	for key, to := range map[string]*uint32{
		"meta-data.isize": &i.XfsInodesize, "meta-data.agcount": &i.XfsAgcount, "meta-data.agsize": &i.XfsAgsize,
		"meta-data.sectsz": &i.XfsSectsize, "meta-data.attr": &i.XfsAttr, "data.bsize": &i.XfsBlocksize, "data.imaxpct": &i.XfsImaxpct,
		"data.sunit": &i.XfsSunit, "data.swidth": &i.XfsSwidth, "naming": &i.XfsDirversion, "naming.bsize": &i.XfsDirblocksize,
		"naming.ascii-ci": &i.XfsCimode, "log.bsize": &i.XfsLogblocksize, "log.blocks": &i.XfsLogblocks, "log.version": &i.XfsLogversion,
		"log.sectsz": &i.XfsLogsectsize, "log.sunit": &i.XfsLogsunit, "log.lazy-count": &i.XfsLazycount, "realtime.extsz": &i.XfsRtextsize,
	} {
		n, err := number(key, 32)
		if err != nil {
			return nil, err
		}
		*to = uint32(n)
	}
	for key, to := range map[string]*uint64{
		"data.blocks": &i.XfsDatablocks, "realtime.blocks": &i.XfsRtblocks, "realtime.rtextents": &i.XfsRtextents,
	} {
		n, err := number(key, 64)
		if err != nil {
			return nil, err
		}
		*to = n
	}
	return i, nil
}
