package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// stage plays a session against a Telemetry: what each side says, and when, without a server and without waiting.
type stage struct {
	t     *testing.T
	tel   *telemetry.Telemetry
	start time.Time
	log   *syncBuffer
}

// open begins a session whose telemetry goes to the receiver.
func open(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol, change func(*telemetry.Config)) *stage {
	t.Helper()
	for _, entry := range r.Env(p) {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	return openTo(t, consent.Request{Telemetry: "otlp"}, change)
}

func openTo(t *testing.T, said consent.Request, change func(*telemetry.Config)) *stage {
	t.Helper()
	policy, warnings := consent.Decide(said)
	if len(warnings) > 0 {
		t.Fatal(warnings)
	}
	s := &stage{t: t, start: time.Now(), log: &syncBuffer{}}
	cfg := telemetry.Config{
		Policy: policy, Command: []string{"npx", "-y", "@scope/server-x"}, Version: "1.2.3", Lookup: os.LookupEnv,
		Logger: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if change != nil {
		change(&cfg)
	}
	s.tel = telemetry.New(cfg)
	s.tel.Run(os.Getpid(), s.start)
	return s
}

// say plays lines of the form "5ms > {...}" (the client says) or "5ms < {...}" (the server says).
func (s *stage) say(lines string) {
	s.t.Helper()
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		when, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		at, err := time.ParseDuration(when)
		if err != nil {
			s.t.Fatal(err)
		}
		dir := session.ToServer
		if rest[0] == '<' {
			dir = session.ToClient
		}
		s.tel.Tap(dir).Forwarded([]byte(rest[2:]+"\n"), s.start.Add(at))
	}
}

// end ends the session, with time enough to send everything.
func (s *stage) end(exit telemetry.Exit) {
	s.t.Helper()
	now := time.Now()
	s.tel.Tap(session.ToServer).Ended(now)
	s.tel.Tap(session.ToClient).Ended(now)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.tel.Close(ctx, exit)
	if ctx.Err() != nil {
		s.t.Error("closing telemetry took more than its time")
	}
}

// syncBuffer is a buffer that several goroutines may write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// left is a normal end: the client has gone, the server followed.
var left = telemetry.Exit{Session: session.ClientLeft}
