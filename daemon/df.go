package daemon

import (
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func doDf(*Call) (string, error) {
	return df("1K-blocks", func(bytes uint64) string { return fmt.Sprint((bytes + 1023) / 1024) })
}

func doDfH(*Call) (string, error) { return df("Size", humanUp) }

// df prints the table of df(1), with the guest's names for its mount points.
func df(heading string, format func(bytes uint64) string) (string, error) {
	if !rootMounted() {
		return "", withErrno(syscall.EINVAL, "df: you must call 'mount' first to mount the root filesystem")
	}
	mounts, err := guestMounts(sysroot)
	if err != nil {
		return "", err
	}
	rows := [][]string{{"Filesystem", heading, "Used", "Available", "Use%", "Mounted on"}}
	for _, m := range mounts {
		var st unix.Statfs_t
		if err := unix.Statfs(m.Target, &st); err != nil || st.Blocks == 0 {
			continue
		}
		unit := uint64(max(st.Frsize, 1))
		used := max(st.Blocks, st.Bfree) - st.Bfree
		percent := "-"
		if all := used + st.Bavail; all > 0 {
			percent = fmt.Sprintf("%d%%", (used*100+all-1)/all)
		}
		target, _ := inside(m.Target, sysroot)
		rows = append(rows, []string{m.Source, format(st.Blocks * unit), format(used * unit), format(st.Bavail * unit), percent, target})
	}
	return table(rows), nil
}

// table aligns all columns but the first and the last to the right.
func table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], len(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		for i, cell := range r {
			switch i {
			case 0:
				fmt.Fprintf(&b, "%-*s", widths[i], cell)
			case len(r) - 1:
				b.WriteString(" " + cell)
			default:
				fmt.Fprintf(&b, " %*s", widths[i], cell)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// humanUp is a size in units of 1024, rounded up, with one digit behind the
// point below 10: 1.5G, 12K.
func humanUp(bytes uint64) string {
	if bytes == 0 {
		return "0"
	}
	const units = "KMGTPE"
	exponent, unit := -1, uint64(1)
	for bytes/1024 >= unit && exponent < len(units)-1 {
		unit *= 1024
		exponent++
	}
	if exponent < 0 {
		return fmt.Sprint(bytes)
	}
	whole, rest := bytes/unit, bytes%unit
	if tenths := whole*10 + (rest*10+unit-1)/unit; tenths < 100 {
		return fmt.Sprintf("%d.%d%c", tenths/10, tenths%10, units[exponent])
	}
	if rest > 0 {
		whole++
	}
	if whole == 1024 && exponent < len(units)-1 {
		return fmt.Sprintf("1.0%c", units[exponent+1])
	}
	return fmt.Sprintf("%d%c", whole, units[exponent])
}
