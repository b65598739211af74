package appliance

import (
	"embed"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"

	"virt-tools/internal/decompress"
)

// embedded holds guestfsd.zst in a program built by make. The pattern names the folder, since a file that is not there
// would be a build error, and go vet and go test shall work on a fresh checkout.
//
//go:embed all:embedded
var embedded embed.FS

const (
	daemonName = "embedded/guestfsd.zst"
	maxDaemon  = 256 << 20
)

// daemonSource says where the daemon comes from: the file it names, or "" for the embedded one.
type daemonSource string

// identity is a text that differs for different embedded daemons. It is computed at every start of every program.
func (d daemonSource) identity() (string, error) {
	if d != "" {
		return "file " + string(d), nil
	}
	data, err := embeddedDaemon()
	if err != nil {
		return "", err
	}
	return "embedded " + quickSum(data), nil
}

// quickSum is a checksum of the processor's own kind: 0.3 ms for 3 MB, where SHA-256 takes up to ten.
func quickSum(data []byte) string {
	return fmt.Sprintf("%d %08x", len(data), crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
}

// read returns the daemon.
func (d daemonSource) read() ([]byte, error) {
	if d != "" {
		return os.ReadFile(string(d))
	}
	data, err := embeddedDaemon()
	if err != nil {
		return nil, err
	}
	out, err := decompress.All(data, maxDaemon)
	if err != nil {
		return nil, fmt.Errorf("embedded daemon: %w", err)
	}
	return out, nil
}

func embeddedDaemon() ([]byte, error) {
	data, err := embedded.ReadFile(daemonName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, withHint(errors.New("this program was built without the daemon of the appliance"),
			"run make build, or set VIRT_TOOLS_GUESTFSD to the daemon's file")
	}
	return data, err
}
