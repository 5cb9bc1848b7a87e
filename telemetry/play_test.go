package telemetry_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// stage plays a session. Lines say what each side sends and when, so it needs no server and no waiting.
type stage struct {
	t     *testing.T
	tel   *telemetry.Session
	start time.Time
	log   *mcptest.Buffer
}

// open starts a session whose telemetry is sent to a receiver.
func open(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol, change func(*telemetry.Config)) *stage {
	t.Helper()
	exportTo(t, r, p)
	return openTo(t, consent.Request{Telemetry: "otlp"}, change)
}

// exportTo sets the variables that make the sessions of a test export to a receiver.
func exportTo(t *testing.T, r *otlptest.Receiver, p otlptest.Protocol) {
	t.Helper()
	for _, entry := range r.Env(p) {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
}

// openTo starts a session with a consent request.
func openTo(t *testing.T, request consent.Request, change func(*telemetry.Config)) *stage {
	t.Helper()
	policy, warnings := consent.Decide(request)
	if len(warnings) > 0 {
		t.Fatal(warnings)
	}
	s := &stage{t: t, start: time.Now(), log: &mcptest.Buffer{}}
	cfg := telemetry.Config{
		Policy: policy, Version: "1.2.3", Lookup: os.LookupEnv,
		Command: []string{"npx", "-y", "@scope/server-x"},
		Logger:  slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
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

// end ends the session, with enough time to send everything.
func (s *stage) end(exit record.Exit) {
	s.t.Helper()
	now := time.Now()
	s.tel.Tap(session.ToServer).Ended(now)
	s.tel.Tap(session.ToClient).Ended(now)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.tel.Close(ctx, exit)
	if ctx.Err() != nil {
		s.t.Error("Close exceeded its deadline of 10s")
	}
}

// left is a normal end: the client closed its side, and the server exited.
var left = record.Exit{EndedBy: record.ByClient}

// ended is a sink that calls a function for each operation that has ended.
type ended func(*record.Operation)

func (ended) Opened(*record.Operation) {}

func (f ended) Changed(op *record.Operation) {
	if op.Change == record.Ended {
		f(op)
	}
}

func (ended) Noted(record.Note) {}
