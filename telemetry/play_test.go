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

// say plays the lines of a conversation, see mcptest.Conversation.
func (s *stage) say(lines string) {
	s.t.Helper()
	conversation, err := mcptest.ParseConversation(lines)
	if err != nil {
		s.t.Fatal(err)
	}
	conversation.Play(s, 0)
}

// Say implements mcptest.Player.
func (s *stage) Say(from mcptest.Source, text []byte, at time.Duration) {
	dir := record.ToServer
	if from == mcptest.FromServer {
		dir = record.ToClient
	}
	s.tel.Tap(dir).Forwarded(text, s.start.Add(at))
}

// Advance implements mcptest.Player. The pipeline has a clock of its own.
func (s *stage) Advance(time.Duration) { s.t.Fatal("a conversation cannot set the clock here") }

// End implements mcptest.Player. A test ends its session by end.
func (s *stage) End(mcptest.Source, time.Duration) {
	s.t.Fatal("a conversation cannot end the session here")
}

// end ends the session, with enough time to send everything.
func (s *stage) end(exit record.Exit) {
	s.t.Helper()
	now := time.Now()
	s.tel.Tap(record.ToServer).Ended(now, true)
	s.tel.Tap(record.ToClient).Ended(now, true)
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
