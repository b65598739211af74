package main

import (
	"bytes"
	"strings"
	"testing"

	"virt-tools/test/guests"
)

// Paths of Windows with drive letters, and guests with several operating systems.
func TestVMGuests(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no appliance is launched")
	}
	tests := []struct {
		name, guest    string
		args           []string
		stdout, stderr string // parts
		status         int
	}{
		{
			"drives of Windows", "windows-2022", []string{`d:\share\DATA.TXT`, `C:/WINDOWS/system32/CONFIG/system`, `\windows\SYSTEM32\config\system`, `E:\x`, `D:\none`},
			"text\r\nregf", "virt-cat: error: E:\\x: the guest has no drive E\nvirt-cat: error: download: /none: No such file or directory\n", 1,
		},
		{
			"several systems", "multiboot", []string{"/etc/hostname"}, "",
			"virt-cat: error: the guest has several operating systems: /dev/sda2 (Windows 10 Home), /dev/sda3 (", 1,
		},
		{"one of several", "multiboot", []string{"--root", "/dev/vda4", "/etc/hostname"}, "multifed\n", "", 0},
		{
			"none of several", "multiboot", []string{"--root", "/dev/sda1", "/etc/hostname"}, "",
			"virt-cat: error: --root /dev/sda1: the guest has no such operating system\nvirt-cat: hint: it has /dev/sda2 (", 1,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			guest, err := guests.Named(test.guest)
			if err != nil {
				t.Fatal(err)
			}
			images, err := guest.Images(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			before := guests.Hash(t, images...)
			var args []string
			for _, image := range images {
				args = append(args, "--format=raw", "-a", image)
			}
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), append(args, test.args...), strings.NewReader(""), &stdout, &stderr)
			if status != test.status || !strings.HasPrefix(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) ||
				test.stdout == "" && stdout.Len() > 0 || test.stderr == "" && stderr.Len() > 0 {
				t.Errorf("status %d, stdout %.200q, stderr %q; want %d, %q, %q", status, stdout.String(), stderr.String(), test.status, test.stdout, test.stderr)
			}
			if n := strings.Count(stdout.String(), "regf"); test.guest == "windows-2022" && n != 2 {
				t.Errorf("the hive is printed %d times; want twice", n)
			}
			if guests.Hash(t, images...) != before {
				t.Error("the images have changed")
			}
		})
	}
}
