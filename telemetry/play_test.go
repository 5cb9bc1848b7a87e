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
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// stage plays a session: what each side sends, and when, without a server and without waiting.
type stage struct {
	t     *testing.T
	tel   *telemetry.Session
	start time.Time
	log   *syncBuffer
}

// open begins a session whose telemetry is sent to the receiver.
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
	s.tel = telemetry.New(cfg).Run(os.Getpid(), s.start)
	return s
}

// say plays lines of the form "5ms > {...}" (from the client) or "5ms < {...}" (from the server).
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
func (s *stage) end(exit record.Exit) {
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

// left is a normal end: the client left, and the server followed.
var left = record.Exit{EndedBy: record.ByClient}

// ended is a sink that receives the operations that have ended.
type ended func(*record.Operation)

func (ended) Opened(*record.Operation) {}

func (f ended) Changed(op *record.Operation) {
	if op.Change == record.Ended {
		f(op)
	}
}

func (ended) Noted(record.Note) {}
