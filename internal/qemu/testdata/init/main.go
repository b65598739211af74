// Init is process 1 of the machines that TestBoot starts. It loads the modules of
// /modules.list, then answers one-line commands on the channel.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const channelName = "org.libguestfs.channel.0"

func main() {
	for dir, fs := range map[string]string{"/proc": "proc", "/sys": "sysfs", "/dev": "devtmpfs"} {
		os.Mkdir(dir, 0o755)
		if err := syscall.Mount(fs, dir, fs, 0, ""); err != nil {
			fmt.Println("mount", dir, err)
		}
	}
	list, _ := os.ReadFile("/modules.list")
	for _, name := range strings.Fields(string(list)) {
		if err := load("/modules/" + name); err != nil {
			fmt.Println("load", name, err)
		}
	}
	port := channel()
	fmt.Fprintln(port, "ready")
	lines := bufio.NewScanner(port)
	for lines.Scan() {
		fmt.Fprintln(port, answer(strings.Fields(lines.Text())))
	}
	fmt.Println("channel:", lines.Err())
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}

func load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.FinitModule(int(f.Fd()), "", 0)
}

// channel waits for the virtio-serial port.
func channel() *os.File {
	for {
		names, _ := filepath.Glob("/sys/class/virtio-ports/*/name")
		for _, name := range names {
			if b, _ := os.ReadFile(name); strings.TrimSpace(string(b)) != channelName {
				continue
			}
			f, err := os.OpenFile("/dev/"+filepath.Base(filepath.Dir(name)), os.O_RDWR, 0)
			if err == nil {
				return f
			}
			fmt.Println(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func answer(words []string) string {
	if len(words) == 0 {
		return "?"
	}
	switch words[0] {
	case "disks":
		return strings.Join(disks(), " ")
	case "fill":
		return fill(words[1])
	case "write":
		return fmt.Sprint(os.WriteFile(words[1], []byte(words[2]), 0o600))
	case "read":
		b, err := os.ReadFile(words[1])
		if err != nil {
			return err.Error()
		}
		return string(b)
	case "logged":
		b := make([]byte, 1<<20)
		n, _ := unix.Klogctl(unix.SYSLOG_ACTION_READ_ALL, b)
		return fmt.Sprint(strings.Contains(string(b[:max(n, 0)]), strings.Join(words[1:], " ")))
	case "off":
		syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
	}
	return "?"
}

// disks lists target:name:sectors:logical:physical:serial of every disk.
func disks() []string {
	var out []string
	links, _ := filepath.Glob("/sys/block/sd*")
	for _, link := range links {
		read := func(name string) string {
			b, _ := os.ReadFile(filepath.Join(link, name))
			return strings.TrimSpace(string(b))
		}
		device, _ := filepath.EvalSymlinks(filepath.Join(link, "device"))
		address := strings.Split(filepath.Base(device), ":") // host:channel:target:lun
		serial := ""
		if b, _ := os.ReadFile(filepath.Join(link, "device", "vpd_pg80")); len(b) > 4 {
			serial = string(b[4:])
		}
		out = append(out, strings.Join([]string{fmt.Sprintf("%03s", address[2]), filepath.Base(link), read("size"),
			read("queue/logical_block_size"), read("queue/physical_block_size"), serial}, ":"))
	}
	sort.Strings(out)
	return out
}

// fill overwrites a whole disk with something that is not zero.
func fill(path string) string {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_SYNC, 0)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	b := []byte(strings.Repeat("x", 1<<20))
	for {
		n, err := f.Write(b)
		if err != nil {
			return err.Error()
		}
		if n < len(b) {
			return "full"
		}
	}
}
