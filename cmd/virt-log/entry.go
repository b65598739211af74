package main

import (
	"bytes"
	"io"
	"iter"
	"time"

	"virt-tools/internal/journal"
)

// levels are syslog's, by number.
var levels = [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

const info = 6 // the level of an entry that gives none

// printEntry prints an entry as a line: time, who, level and message. A message of
// several lines stays one of several lines.
func printEntry(w io.Writer, entry *journal.Entry, fields iter.Seq[[]byte]) error {
	values := map[string][]byte{"SYSLOG_IDENTIFIER": nil, "_COMM": nil, "_PID": nil, "PRIORITY": nil, "MESSAGE": nil}
	for field := range fields {
		name, value, _ := bytes.Cut(field, []byte("="))
		if had, wanted := values[string(name)]; wanted && had == nil {
			values[string(name)] = append([]byte{}, value...)
		}
	}
	var line bytes.Buffer
	line.WriteString(time.UnixMicro(int64(entry.Realtime)).Format("Jan 02 15:04:05"))
	who := values["SYSLOG_IDENTIFIER"]
	if who == nil {
		who = values["_COMM"]
	}
	if who != nil {
		line.WriteByte(' ')
		line.Write(who)
	}
	if pid := values["_PID"]; pid != nil {
		line.WriteByte('[')
		line.Write(pid)
		line.WriteByte(']')
	}
	line.WriteString(" " + levels[level(values["PRIORITY"])] + ":")
	if message := values["MESSAGE"]; message != nil {
		line.WriteByte(' ')
		line.Write(message)
	}
	line.WriteByte('\n')
	_, err := w.Write(line.Bytes())
	return err
}

func level(priority []byte) int {
	if len(priority) == 0 || priority[0] < '0' || priority[0] > '7' {
		return info
	}
	return int(priority[0] - '0')
}
