package daemon

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// Augeas is a C library, and reads files of the guest: it runs in a program of
// its own, guestaug, which the daemon talks to through pipes. guestaug.c says
// how messages look and how it keeps to the guest's root.

const (
	augeasLenses    = "/usr/share/augeas/lenses"
	augeasAnswerMax = 16 << 20 // bytes; a reply to the library has no more than 4 MiB
	augeasNoText    = 0xffffffff
)

// augeasProgram is a guestaug that runs.
type augeasProgram struct {
	in     *os.File
	out    *bufio.Reader
	outEnd *os.File
	kill   context.CancelFunc
	done   chan struct{} // closed when it has ended
	stderr limitedBuffer // read after done
	why    error         // likewise
}

var errAugeasAnswer = errors.New("augeas gave an answer without a meaning")

// startAugeas starts a guestaug. Its life is not bounded by the call.
func startAugeas() (*augeasProgram, error) {
	path, err := exec.LookPath("guestaug")
	if err != nil {
		return nil, withErrno(syscall.ENOTSUP, "program guestaug is not in this appliance")
	}
	return startAugeasIn(path, sysroot, augeasLenses)
}

func startAugeasIn(path, root, lenses string) (*augeasProgram, error) {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirIn.Close()
	out, theirOut, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	ctx, kill := context.WithCancel(context.Background())
	a := &augeasProgram{in: in, out: bufio.NewReader(out), outEnd: out, kill: kill, done: make(chan struct{})}
	a.stderr.limit = stderrMax
	cmd := exec.Command(path, root, lenses)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirIn, theirOut, &a.stderr
	cmd.Env, cmd.Dir = cleanEnv, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	started := make(chan struct{})
	go func() {
		defer close(a.done)
		state, err := runStarted(ctx, cmd, started)
		switch {
		case err != nil:
			a.why = fmt.Errorf("guestaug: %w", err)
		case !state.Success():
			a.why = fmt.Errorf("guestaug has ended: %s: %s", state, lastLines(a.stderr.String()))
		default:
			a.why = errors.New("guestaug has ended")
		}
	}()
	// Only when it has started, or could not, may our copy of its end go.
	select {
	case <-started:
	case <-a.done:
	}
	theirOut.Close()
	return a, nil
}

// close ends the program and waits until it is gone.
func (a *augeasProgram) close() {
	a.kill()
	a.in.Close()
	<-a.done
	a.outEnd.Close()
}

func (a *augeasProgram) ended() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// closeAugeas drops the state of Augeas, if there is any.
func (s *Server) closeAugeas() {
	if s.augeas != nil {
		s.augeas.close()
		s.augeas = nil
	}
}

// ask sends a question and returns the results of the answer. When the call is
// cancelled, or no sense can be made of an answer, the program is ended: the
// next question would get the answer to this one.
func (a *augeasProgram) ask(c context.Context, operation string, args ...*string) ([]*string, error) {
	ctx, cancel := context.WithTimeout(c, programTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, a.kill)
	defer stop()
	results, err := a.exchange(append([]*string{&operation}, args...))
	if err != nil {
		a.kill()
		<-a.done
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errors.Join(a.why, err)
	}
	status, err := resultText(results, 0)
	if err != nil {
		return nil, err
	}
	results = results[1:]
	if status == "ok" {
		return results, nil
	}
	message, err := resultText(results, 0)
	if err != nil {
		return nil, err
	}
	return nil, withErrno(syscall.EINVAL, "%s", message)
}

func (a *augeasProgram) exchange(question []*string) ([]*string, error) {
	var b bytes.Buffer
	number := func(n int) { b.Write(binary.BigEndian.AppendUint32(nil, uint32(n))) }
	number(len(question))
	for _, text := range question {
		if text == nil {
			number(augeasNoText)
			continue
		}
		number(len(*text))
		b.WriteString(*text)
	}
	if _, err := a.in.Write(b.Bytes()); err != nil {
		return nil, err
	}
	return readAugeas(a.out)
}

// readAugeas reads an answer. What the program says was made of files of a
// guest, so it is bounded.
func readAugeas(r io.Reader) ([]*string, error) {
	left := int64(augeasAnswerMax)
	number := func() (uint32, error) {
		var n [4]byte
		_, err := io.ReadFull(r, n[:])
		if left -= 4; left < 0 {
			err = withErrno(syscall.EMSGSIZE, "augeas: more than %d MiB in one answer", augeasAnswerMax>>20)
		}
		return binary.BigEndian.Uint32(n[:]), err
	}
	count, err := number()
	if err != nil {
		return nil, err
	}
	var texts []*string
	for range count {
		length, err := number()
		if err != nil {
			return nil, err
		}
		if length == augeasNoText {
			texts = append(texts, nil)
			continue
		}
		if left -= int64(length); left < 0 {
			return nil, withErrno(syscall.EMSGSIZE, "augeas: more than %d MiB in one answer", augeasAnswerMax>>20)
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, err
		}
		s := string(text)
		texts = append(texts, &s)
	}
	return texts, nil
}

func resultText(results []*string, i int) (string, error) {
	if i >= len(results) || results[i] == nil {
		return "", errAugeasAnswer
	}
	return *results[i], nil
}

func resultNumber(results []*string, i int) (int, error) {
	s, err := resultText(results, i)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, errAugeasAnswer
	}
	return n, nil
}
