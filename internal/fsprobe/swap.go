package fsprobe

const (
	swapSignature = "SWAPSPACE2"
	swapHeader    = 1024
	swapSizeMin   = 10 * 4096
)

// swapPages are the page sizes of the machines that Linux runs on. The
// signature ends the first page.
var swapPages = []int64{4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10}

func probeSwap(d *image) (*Superblock, error) {
	if d.size < swapSizeMin {
		return nil, nil
	}
	for _, page := range swapPages {
		if !d.has(page-int64(len(swapSignature)), swapSignature) {
			continue
		}
		h := d.at(swapHeader, 512)
		version, lastPage := le.Uint32(h), le.Uint32(h[4:])
		const garbage = 172 // where a header that is none has something
		if version != 1 && version != 1<<24 || lastPage == 0 || !allZero(h[garbage:garbage+8]) {
			return nil, ErrUnsure
		}
		return &Superblock{Type: "swap", Label: label(h[28:44]), UUID: uuid(h[12:28])}, nil
	}
	return nil, nil
}
