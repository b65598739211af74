//go:build cgo && libvirt_dlopen

package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
	virt "libvirt.org/go/libvirt"
)

// auth asks the user at the terminal for what the other side wants to know.
func auth() *virt.ConnectAuth {
	return &virt.ConnectAuth{
		CredType: []virt.ConnectCredentialType{
			virt.CRED_AUTHNAME, virt.CRED_ECHOPROMPT, virt.CRED_PASSPHRASE, virt.CRED_NOECHOPROMPT,
		},
		Callback: func(wanted []*virt.ConnectCredential) {
			tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
			if err != nil {
				return // without answers libvirt says what is missing
			}
			defer tty.Close()
			for _, c := range wanted {
				c.Result = ask(tty, c)
				c.ResultLen = len(c.Result)
			}
		},
	}
}

func ask(tty *os.File, c *virt.ConnectCredential) string {
	fmt.Fprintf(tty, "%s: ", strings.TrimSuffix(strings.TrimSpace(c.Prompt), ":"))
	if c.Type == virt.CRED_PASSPHRASE || c.Type == virt.CRED_NOECHOPROMPT {
		secret, err := term.ReadPassword(int(tty.Fd()))
		fmt.Fprintln(tty)
		if err != nil {
			return ""
		}
		return string(secret)
	}
	line, err := bufio.NewReader(tty).ReadString('\n')
	if err != nil {
		return ""
	}
	if line = strings.TrimSpace(line); line == "" {
		return c.DefResult
	}
	return line
}
