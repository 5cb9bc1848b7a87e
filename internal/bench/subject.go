//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// subject is a way between client and server.
type subject struct {
	name  string
	about string
	chain [][]string // processes connected by pipes; one of them is the server or starts it
	env   []string   // beside the client's own
}

// The subjects with a part of their own.
const (
	direct = "direct"
	floor  = "cat"
	off    = "off"
	otlp   = "otlp"
	full   = "content"
)

// allContent asks for every level of content.
const allContent = "arguments,results,prompts,errors,uris,messages"

func (b *bench) subjects(also []string) []subject {
	product := append([]string{b.product, "--"}, b.server...)
	grpc := endpoint(b.collector.GRPC, "grpc")
	subjects := []subject{
		{name: direct, about: "client and server, nothing between them", chain: [][]string{b.server}},
		{name: floor, about: "cat | server | cat: the floor for any relay", chain: [][]string{{"cat"}, b.server, {"cat"}}},
		{name: off, about: "spanpipe, telemetry off", chain: [][]string{product}},
		{name: otlp, about: "spanpipe, traces, metrics and logs by OTLP/gRPC", chain: [][]string{product}, env: grpc},
		{name: full, about: "the same, with all content captured and redacted", chain: [][]string{product},
			env: append([]string{"SPANPIPE_CAPTURE=" + allContent}, grpc...)},
	}
	for i, command := range also {
		subjects = append(subjects, subject{
			name: "also-" + strconv.Itoa(i+1), about: command,
			chain: [][]string{append([]string{"sh", "-c", "exec " + command + ` "$@"`, "sh"}, b.server...)}, env: grpc,
		})
	}
	return subjects
}

// endpoint is the environment that sends telemetry somewhere.
func endpoint(address, protocol string) []string {
	return []string{"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + address, "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol}
}

// live is a running subject.
type live struct {
	subject
	line
	commands []*exec.Cmd
	ends     []*os.File // the client's
	server   int
	answered time.Duration // from the start to the first answer
}

// start starts a subject and shakes hands.
func start(ctx context.Context, s subject) (l *live, err error) {
	l = &live{subject: s, line: line{buf: make([]byte, 64<<10)}}
	var files []*os.File
	for range len(s.chain) + 1 {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		for _, f := range []*os.File{r, w} {
			if err := unix.SetNonblock(int(f.Fd()), false); err != nil {
				return nil, err
			}
		}
		files = append(files, r, w)
	}
	last := len(files) - 1
	l.ends = []*os.File{files[1], files[last-1]}
	l.in, l.out = int(l.ends[0].Fd()), int(l.ends[1].Fd())
	begun := time.Now()
	for i, command := range s.chain {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Env = append(os.Environ(), s.env...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = files[2*i], files[2*i+3], &bytes.Buffer{}
		if err := cmd.Start(); err != nil {
			return nil, fmt.Errorf("starting %s: %w", s.name, err)
		}
		l.commands = append(l.commands, cmd)
	}
	for i, f := range files {
		if i != 1 && i != last-1 {
			f.Close()
		}
	}
	if err := l.initialize(begun); err != nil {
		return nil, fmt.Errorf("shaking hands with %s: %w", s.name, err)
	}
	return l, nil
}

func (l *live) initialize(begun time.Time) error {
	hello := `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}` + "\n"
	if err := l.write([]byte(hello)); err != nil {
		return err
	}
	n, _, err := l.read()
	if err != nil {
		return err
	}
	l.answered = time.Since(begun)
	var ok bool
	if l.server, ok = number(l.buf[:n], "pid "); !ok {
		return fmt.Errorf("not an answer of the server: %s", l.buf[:n])
	}
	return l.write([]byte(`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n"))
}

// end closes the server's input and returns how long it takes until all processes have ended.
func (l *live) end() (time.Duration, error) {
	begun := time.Now()
	l.ends[0].Close()
	var failed []error
	for _, cmd := range l.commands {
		failed = append(failed, cmd.Wait())
	}
	took := time.Since(begun)
	l.ends[1].Close()
	if err := errors.Join(failed...); err != nil {
		return took, fmt.Errorf("ending %s: %w: %s", l.name, err, l.said())
	}
	return took, nil
}

// said is what a subject has written to stderr, once it has ended.
func (l *live) said() (all string) {
	for _, cmd := range l.commands {
		all += fmt.Sprint(cmd.Stderr)
	}
	return all
}
