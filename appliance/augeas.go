package appliance

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"

	"virt-tools/internal/decompress"
)

// Augeas is not taken from the host. Debian's augtool needs libxml2, which needs 33 MB of ICU; linked by make from the
// parts of libaugeas that are called, all of it has 1.3 MB. The lenses are of the same version, 0.7 MB.
const (
	augeasName    = "embedded/augeas.tar.zst"
	augeasProgram = "guestaug"
	augeasFeature = "augeas"
	maxAugeas     = 64 << 20
)

// embeddedAugeas returns the archive, or nothing when the program was built without. No other error can be.
func embeddedAugeas() []byte {
	data, err := embedded.ReadFile(augeasName)
	if err != nil {
		return nil
	}
	return data
}

// addAugeas adds the program and the lenses, or notes that they are missing.
func (b *builder) addAugeas(t *tree, inside *contents) error {
	inside.Features[augeasFeature] = b.augeas != nil
	if b.augeas == nil {
		b.log("left out of the appliance: %s (make found no C compiler or no libaugeas)", augeasProgram)
		inside.Missing = append(inside.Missing, augeasProgram)
		return nil
	}
	archive, err := decompress.All(b.augeas, maxAugeas)
	if err != nil {
		return fmt.Errorf("embedded augeas: %w", err)
	}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("embedded augeas: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("embedded augeas: %w", err)
		}
		if err := t.addText("/"+h.Name, uint32(h.Mode)&0o777, data); err != nil {
			return err
		}
	}
	inside.Programs = append(inside.Programs, augeasProgram)
	return nil
}
