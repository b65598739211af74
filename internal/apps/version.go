package apps

import (
	"strconv"
	"strings"
)

// setVersion takes [epoch:]version[-release] apart. The release is what stands
// behind the last hyphen, as a version may have hyphens of its own.
func (a *Application) setVersion(text string) {
	a.Version, a.Release, a.Epoch = text, "", 0
	if epoch, rest, ok := strings.Cut(text, ":"); ok {
		if n, err := strconv.ParseUint(epoch, 10, 31); err == nil {
			a.Epoch, a.Version = int32(n), rest
		}
	}
	if i := strings.LastIndexByte(a.Version, '-'); i >= 0 {
		a.Version, a.Release = a.Version[:i], a.Version[i+1:]
	}
}
