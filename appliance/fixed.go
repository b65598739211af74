package appliance

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotFixed means that a folder holds no appliance.
var ErrNotFixed = errors.New("no appliance")

// Fixed returns the appliance in a folder: one that Write made, or one of
// libguestfs-make-fixed-appliance, which has its programs in a filesystem, Root.
func Fixed(dir string) (*Appliance, error) {
	if _, err := os.Stat(filepath.Join(dir, readmeName)); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", dir, ErrNotFixed, err)
	}
	a := &Appliance{Dir: dir, Kernel: filepath.Join(dir, kernelName), Initrd: filepath.Join(dir, initrdName)}
	root := filepath.Join(dir, rootName)
	uuid, err := extUUID(root)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && uuid == rootUUID:
		return a, nil
	case err != nil:
		return nil, fmt.Errorf("appliance: %w", err)
	}
	a.Root, a.RootUUID = root, uuid
	return a, nil
}

// extUUID reads the identifier of an ext filesystem.
func extUUID(image string) (string, error) {
	f, err := os.Open(image)
	if err != nil {
		return "", err
	}
	defer f.Close()
	const superblock, magicAt, magic, uuidAt = 1024, 0x38, 0xef53, 0x68
	var b [uuidAt + 16]byte
	if _, err := f.ReadAt(b[:], superblock); err != nil && err != io.EOF {
		return "", err
	}
	if binary.LittleEndian.Uint16(b[magicAt:]) != magic {
		return "", fmt.Errorf("%s is no ext filesystem", image)
	}
	u := b[uuidAt:]
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
}
