package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"virt-tools/appliance"
	"virt-tools/internal/cli"
	"virt-tools/internal/qemu"
	"virt-tools/pkg/guestfs"
)

type checkOptions struct {
	Timeout time.Duration `placeholder:"TIME" default:"10m" help:"Give up after this time."`
	Hv      string        `name:"qemu" placeholder:"PATH" complete:"file" help:"Use this QEMU."`
}

const (
	checkDiskBytes = 100 << 20
	checkDevice    = "/dev/sda"
	finishedOK     = "===== CHECK FINISHED OK ====="
)

// check starts an appliance, works in it and prints what a bug report needs.
// What the appliance says on its console is printed only when something fails.
func (o *options) check(ctx context.Context, c *cli.Console) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Check_.Timeout, fmt.Errorf("no end after %s", o.Check_.Timeout))
	defer cancel()
	if err := o.printHost(ctx, c); err != nil {
		return err
	}
	var log console
	g := guestfs.New(&guestfs.Options{Hypervisor: o.Check_.Hv, Verbose: true})
	defer g.Close()
	g.OnEvent(log.event)
	err := runSteps(ctx, c, g)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(err, context.Cause(ctx))
		}
		fmt.Fprintf(c.Out, "\nwhat the library and the appliance said:\n%s\n", log.String())
		return cli.Hint(err, "put all of this output into a bug report")
	}
	_, err = fmt.Fprintf(c.Out, "\n%s\n", finishedOK)
	return err
}

// console collects the events of a handle.
type console struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *console) event(e guestfs.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e.Kind {
	case guestfs.EventAppliance:
		l.text.WriteString(e.Text)
	case guestfs.EventLibrary, guestfs.EventWarning:
		l.text.WriteString("virt-tools: " + e.Text + "\n")
	}
}

func (l *console) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// printHost prints what is known without starting anything.
func (o *options) printHost(ctx context.Context, c *cli.Console) error {
	out := &lines{w: c.Out}
	out.item("version", buildVersion())
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		out.item("host", fmt.Sprintf("%s %s %s, %d CPUs", unix.ByteSliceToString(u.Sysname[:]), unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Machine[:]), runtime.NumCPU()))
	}
	for _, name := range environment() {
		out.item("set", name)
	}
	path, err := o.qemuPath()
	if err != nil {
		return err
	}
	out.item("QEMU", path+": "+qemuVersion(ctx, path))
	accel, why := qemu.Accelerator("")
	out.item("accelerator", accel+": "+why)
	if out.err != nil {
		return out.err
	}
	if os.Getenv("LIBGUESTFS_PATH") != "" {
		return nil
	}
	start := time.Now()
	a, err := appliance.Find(ctx, notes(c))
	if err != nil {
		return err
	}
	out.item("appliance", fmt.Sprintf("%s, kernel %s, found or built in %.3f s", a.Dir, a.Version, time.Since(start).Seconds()))
	d, err := a.Describe()
	if err != nil {
		return err
	}
	out.item("sizes", fmt.Sprintf("kernel %s, initramfs %s", human(d.Kernel.Bytes), human(d.Initrd.Bytes)))
	if len(d.Missing) > 0 {
		out.item("left out", strings.Join(d.Missing, " "))
	}
	return out.err
}

func (o *options) qemuPath() (string, error) {
	if o.Check_.Hv != "" {
		return o.Check_.Hv, nil
	}
	if hv := os.Getenv("LIBGUESTFS_HV"); hv != "" {
		return hv, nil
	}
	return qemu.Binary()
}

func qemuVersion(ctx context.Context, path string) string {
	out, err := exec.CommandContext(ctx, path, "-version").Output()
	if err != nil {
		return err.Error()
	}
	first, _, _ := bytes.Cut(out, []byte("\n"))
	return string(first)
}

func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version + ", " + info.GoVersion
}

// environment lists the variables that change how the tools work.
func environment() []string {
	var set []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "LIBGUESTFS_") || strings.HasPrefix(v, "SUPERMIN_") || strings.HasPrefix(v, "VIRT_TOOLS_") || strings.HasPrefix(v, "TMPDIR=") {
			set = append(set, v)
		}
	}
	return set
}

// runSteps does a little of everything with a scratch disk.
func runSteps(ctx context.Context, c *cli.Console, g *guestfs.Handle) error {
	steps := []struct {
		name string
		do   func() error
	}{
		{"add a scratch disk", func() error { return g.AddDriveScratch(checkDiskBytes, nil) }},
		{"start the appliance", func() error { return g.Launch(ctx) }},
		{"make a partition", func() error { return g.PartDisk(ctx, checkDevice, "msdos") }},
		{"make an ext2 filesystem", func() error { return g.Mkfs(ctx, "ext2", checkDevice+"1", nil) }},
		{"mount it", func() error { return g.Mount(ctx, checkDevice+"1", "/") }},
		{"write a file", func() error { return g.Write(ctx, "/hello", []byte("hello\n")) }},
		{"read it back", func() error { return readBack(ctx, g) }},
		{"look at its memory", func() error { return printMemory(c, g) }},
		{"stop the appliance", func() error { return g.Shutdown(ctx) }},
	}
	fmt.Fprintln(c.Out)
	for _, s := range steps {
		start := time.Now()
		err := s.do()
		result := "ok"
		if err != nil {
			result = "FAILED"
		}
		fmt.Fprintf(c.Out, "%-26s%-8s%.3f s\n", s.name, result, time.Since(start).Seconds())
		if err := c.Out.Flush(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		if s.name == "start the appliance" {
			printLaunch(c, g)
		}
	}
	return nil
}

func readBack(ctx context.Context, g *guestfs.Handle) error {
	text, err := g.Cat(ctx, "/hello")
	if err == nil && text != "hello\n" {
		err = fmt.Errorf("the file holds %q, not what was written to it", text)
	}
	return err
}

// printMemory prints how much memory the machine has to itself.
func printMemory(c *cli.Console, g *guestfs.Handle) error {
	bytes, err := g.PrivateMemory()
	if err == nil {
		_, err = fmt.Fprintf(c.Out, "  memory of its own, not shared with other machines: %s\n", human(bytes))
	}
	return err
}

// printLaunch prints how the machine was started and where the time went.
func printLaunch(c *cli.Console, g *guestfs.Handle) {
	accel, why := g.Accelerator()
	t := g.Timings()
	fmt.Fprintf(c.Out, "  runs with %s: %s\n", accel, why)
	switch {
	case t.From == guestfs.FromTemplate:
		fmt.Fprintln(c.Out, "  restored from a template, which virt-appliance template lists")
	case t.Save > 0:
		fmt.Fprintf(c.Out, "  booted, and saved as a template for later launches in %.3f s\n", t.Save.Seconds())
	}
	fmt.Fprintf(c.Out, "  appliance %.3f s, QEMU %.3f s, kernel and daemon %.3f s, drives %.3f s\n",
		t.Appliance.Seconds(), t.QEMU.Seconds(), t.Boot.Seconds(), t.Attach.Seconds())
}
