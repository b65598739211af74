package guests

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"testing"
)

// Hash is that of the bytes of images, one after the other: the same before and
// after what must not change them.
func Hash(t testing.TB, images ...string) string {
	t.Helper()
	h := sha256.New()
	for _, image := range images {
		f, err := os.Open(image)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(h, f)
		f.Close() // it was only read
		if err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
