//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// subject is a way between client and server.
type subject struct {
	name  string
	about string
	chain [][]string // processes connected by pipes; one of them is the server or starts it
	env   []string   // in addition to the client's own
}

// Subjects that are referred to by name.
const (
	direct = "direct"
	floor  = "cat"
	off    = "off"
	otlp   = "otlp"
	local  = "local"
)

// program is a build of spanpipe: the current one, whose name is empty, or an earlier one.
type program struct{ name, path string }

func beforeName(i int) string {
	if i == 0 {
		return "before"
	}
	return "before" + strconv.Itoa(i+1)
}

// subject returns the name of a subject with this build.
func (p program) subject(mode string) string { return strings.TrimSpace(p.name + " " + mode) }

// modes are the ways in which each build is measured.
func (b *bench) modes() []subject {
	grpc := endpoint(b.collector.GRPC, "grpc")
	return []subject{
		{name: off, about: "telemetry off"},
		{name: local, about: "sessions stored on this machine", env: b.storing()},
		{name: otlp, about: "traces, metrics and logs by OTLP/gRPC", env: grpc},
		{name: "both", about: "like otlp, and stored", env: slices.Concat(grpc, b.storing("otlp"))},
		{name: "content", about: "like otlp, with all content captured and redacted",
			env: append([]string{"SPANPIPE_CAPTURE=arguments,results,prompts,errors,uris,messages"}, grpc...)},
	}
}

// choose settles the subjects.
func (b *bench) choose(o options) {
	b.all = []subject{
		{name: direct, about: "client and server, with only a pipe between them", chain: [][]string{b.server}},
		{name: floor, about: "cat | server | cat: the floor for any relay", chain: [][]string{{"cat"}, b.server, {"cat"}}},
	}
	for _, mode := range b.modes() {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), mode.name) {
			continue
		}
		for _, p := range b.builds {
			if slices.Contains(mode.env, b.storing()[0]) && !p.stores() {
				continue
			}
			b.all = append(b.all, subject{
				name: p.subject(mode.name), about: "spanpipe, " + mode.about, env: mode.env,
				chain: [][]string{slices.Concat([]string{p.path, "--"}, b.server)},
			})
		}
	}
	for i, command := range o.also {
		b.all = append(b.all, subject{
			name: "also-" + strconv.Itoa(i+1), about: command, env: endpoint(b.collector.GRPC, "grpc"),
			chain: [][]string{append([]string{"sh", "-c", "exec " + command + ` "$@"`, "sh"}, b.server...)},
		})
	}
	for _, s := range b.all {
		b.result.Subjects = append(b.result.Subjects, Subject{s.name, s.about})
	}
}

// storing returns the variables that store sessions, beside other destinations.
func (b *bench) storing(others ...string) []string {
	return []string{
		"SPANPIPE_DIR=" + filepath.Join(b.dir, "store"), "SPANPIPE_TELEMETRY=" + strings.Join(append([]string{local}, others...), ","),
	}
}

// stores reports whether a build can store sessions. One that cannot would be measured with telemetry off.
func (p program) stores() bool {
	cmd := exec.Command(p.path, "consent") //nolint:noctx // it prints, and ends
	cmd.Env = []string{"SPANPIPE_TELEMETRY=" + local}
	return cmd.Run() == nil
}

// exporting returns each build of spanpipe, exporting without content to an address.
func (b *bench) exporting(address string) (subjects []subject) {
	for _, p := range b.builds {
		subjects = append(subjects, subject{
			name: p.subject(otlp), env: endpoint(address, "grpc"), chain: [][]string{slices.Concat([]string{p.path, "--"}, b.server)},
		})
	}
	return subjects
}

// endpoint returns the variables that send telemetry to an address.
func endpoint(address, protocol string) []string {
	return []string{
		"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + address, "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol,
	}
}

// live is a running subject.
type live struct {
	subject
	client
	commands []*exec.Cmd
	ends     []*os.File    // the client's ends of the pipes: to write to, to read from
	server   int           // process id
	answered time.Duration // from the start to the first response
}

// start starts a subject and initializes the session.
func start(ctx context.Context, s subject) (l *live, err error) {
	l = &live{subject: s, client: client{buf: make([]byte, 64<<10)}}
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
	started := time.Now()
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
	if err := l.initialize(started); err != nil {
		return nil, fmt.Errorf("initializing %s: %w", s.name, err)
	}
	return l, nil
}

func (l *live) initialize(started time.Time) error {
	hello := `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},` +
		`"clientInfo":{"name":"bench","version":"1"}}}` + "\n"
	if _, err := l.call([]byte(hello)); err != nil {
		return err
	}
	l.answered = time.Since(started)
	if err := l.write([]byte(`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n")); err != nil {
		return err
	}
	pid := `{"jsonrpc":"2.0","id":"pid","method":"tools/call","params":{"name":"pid"}}` + "\n"
	if _, err := l.call([]byte(pid)); err != nil {
		return err
	}
	_, text, _ := bytes.Cut(l.buf, []byte(`"text":"`))
	text, _, _ = bytes.Cut(text, []byte(`"`))
	var err error
	l.server, err = strconv.Atoi(string(text))
	return err
}

// withFresh runs f with all subjects newly started and warmed up, and ends them.
func (b *bench) withFresh(ctx context.Context, f func([]*live) error) error {
	var lives []*live
	for _, s := range b.all {
		l, err := start(ctx, s)
		if err != nil {
			return err
		}
		if err := l.count(1000); err != nil { // until everything is allocated, faulted in and connected
			return err
		}
		lives = append(lives, l)
	}
	if err := f(lives); err != nil {
		return err
	}
	for _, l := range lives {
		if _, err := l.end(); err != nil {
			return err
		}
	}
	return nil
}

// end closes the server's input and returns the time until all processes have ended.
func (l *live) end() (time.Duration, error) {
	started := time.Now()
	l.ends[0].Close()
	var failed []error
	for _, cmd := range l.commands {
		failed = append(failed, cmd.Wait())
	}
	took := time.Since(started)
	l.ends[1].Close()
	if err := errors.Join(failed...); err != nil {
		return took, fmt.Errorf("ending %s: %w: %s", l.name, err, l.stderr())
	}
	return took, nil
}

// stderr returns what an ended subject has written to stderr.
func (l *live) stderr() (all string) {
	for _, cmd := range l.commands {
		all += fmt.Sprint(cmd.Stderr)
	}
	return all
}
