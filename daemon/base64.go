package daemon

import (
	"encoding/base64"
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

const base64Line = 76 // characters of a line

// doBase64Out sends a file as lines of text, each with an end.
func doBase64Out(c *Call, filename string, base64file io.Writer) error {
	f, err := c.openRegular(filename, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	total, err := fileSize(f)
	if err != nil {
		return err
	}
	lines := &lineBreaker{w: base64file}
	enc := base64.NewEncoder(base64.StdEncoding, lines)
	if _, err = c.copyFile(enc, f, total); err == nil {
		err = enc.Close()
	}
	if err == nil {
		err = lines.end()
	}
	return err
}

// lineBreaker breaks a text into lines of base64Line characters.
type lineBreaker struct {
	w    io.Writer
	used int // characters on the line under way
}

func (l *lineBreaker) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		n := min(len(p), base64Line-l.used)
		if _, err := l.w.Write(p[:n]); err != nil {
			return 0, err
		}
		p, l.used = p[n:], l.used+n
		if l.used == base64Line {
			if err := l.end(); err != nil {
				return 0, err
			}
		}
	}
	return total, nil
}

func (l *lineBreaker) end() error {
	if l.used == 0 {
		return nil
	}
	l.used = 0
	_, err := l.w.Write([]byte{'\n'})
	return err
}

func doBase64In(c *Call, base64file io.Reader, filename string) error {
	f, err := c.openRegular(filename, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	return c.receive(f, &base64Reader{r: base64file}, false)
}

func inBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
}

// base64Reader reads the bytes that a text stands for. Characters that are not
// of the alphabet are passed over, and after padding another text may follow.
type base64Reader struct {
	r    io.Reader
	buf  [32 << 10]byte
	quad []byte // characters that wait for those to make up four
	out  []byte
	err  error
}

func (b *base64Reader) Read(p []byte) (int, error) {
	for len(b.out) == 0 {
		if b.err == io.EOF && len(b.quad) > 0 {
			b.err = withErrno(syscall.EINVAL, "base64: invalid input: it ends within four characters")
		}
		if b.err != nil {
			return 0, b.err
		}
		n, err := b.r.Read(b.buf[:])
		b.err = err
		if err := b.decode(b.buf[:n]); err != nil {
			b.err = err
		}
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

func (b *base64Reader) decode(text []byte) error {
	b.out = b.out[:0]
	for _, char := range text {
		if !inBase64(char) {
			continue
		}
		if b.quad = append(b.quad, char); len(b.quad) < 4 {
			continue
		}
		var three [3]byte
		n, err := base64.StdEncoding.Decode(three[:], b.quad)
		if err != nil {
			return withErrno(syscall.EINVAL, "base64: invalid input: %q", b.quad)
		}
		b.out = append(b.out, three[:n]...)
		b.quad = b.quad[:0]
	}
	return nil
}
