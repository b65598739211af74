package guests

import (
	"context"
	"errors"
	"os"
)

// SingleExt4 returns a qcow2 image that holds one ext4 filesystem and nothing
// else.
func SingleExt4(ctx context.Context) (string, error) {
	return makeOnce("single-ext4-1.qcow2", func(temp string) error {
		raw := temp + ".raw"
		defer os.Remove(raw)
		return errors.Join(
			run(ctx, "truncate", "-s", "256M", raw),
			run(ctx, "/usr/sbin/mke2fs", "-q", "-t", "ext4", raw),
			run(ctx, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, temp),
		)
	})
}
