package web

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Began is when the sessions of these tests began.
var Began = time.Date(2026, 11, 26, 14, 0, 0, 0, time.UTC)

// Recorded is a session that a test records, through the code that stores a wrapped one.
type Recorded struct {
	writer *store.Writer
	sink   interface {
		Opened(op *record.Operation)
		Changed(op *record.Operation)
		Noted(n record.Note)
	}
	About  record.Session
	number uint64
}

// Begin begins a session.
func Begin(t testing.TB, dir, run, server string, at time.Time) *Recorded {
	t.Helper()
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", at.UnixMilli()&0xffffffffffff)
	res := resource.NewSchemaless(attribute.String("service.name", server), attribute.String("service.instance.id", id))
	r := &Recorded{About: record.Session{
		ID: id, Launched: at, Started: at, PID: 4000, Client: record.Peer{Name: "claude-code", Version: "2.1.0"},
		Server: record.Peer{Name: server, Version: "1.2.3"}, Protocol: "2025-11-25", Ready: true,
	}}
	r.writer = store.Create(store.Config{
		Dir: dir, Logger: slog.New(slog.DiscardHandler),
		Meta:   store.Meta{ID: id, Version: "1.0.0", Launched: at, Service: server, Run: run},
		Origin: &otlpfile.Origin{Resource: res.Attributes(), ScopeName: otel.Scope, ScopeVersion: "1.0.0"},
	})
	r.sink = otel.New(otel.Config{Version: "1.0.0", Resource: res, Session: record.Session{ID: id, Launched: at}, Recorder: r.writer})
	r.Note(r.About)
	return r
}

// SessionDirs returns the directories of the sessions in a store.
func SessionDirs(t testing.TB, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "sessions", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Note notes something.
func (r *Recorded) Note(n record.Note) {
	r.sink.Noted(n)
	r.writer.Noted(n)
}

// Changed says what has become of an operation.
func (r *Recorded) Changed(op record.Operation) {
	r.sink.Changed(&op)
	r.writer.Changed(&op)
}

// Open opens an operation and returns it. What it lacks is that of a call of a tool.
func (r *Recorded) Open(op record.Operation) record.Operation {
	r.number++
	op.Change, op.Number = record.Opened, r.number
	if op.Direction == "" {
		op.Direction = record.ToServer
	}
	if op.Method == "" {
		op.Method = semconv.ToolsCall
	}
	op.RequestID, op.RequestSize, op.RoundTrips = fmt.Sprint(r.number), 180, 1
	asOpened := op
	asOpened.Content = record.Content{}
	r.sink.Opened(&asOpened)
	r.writer.Opened(&asOpened)
	return op
}

// Still says that an operation has been open for a while; if it hangs, for long.
func (r *Recorded) Still(op record.Operation, hangs bool) record.Operation {
	op.Change = record.StillOpen
	r.Changed(op)
	if hangs {
		op.Change, op.Hung, op.Duration = record.Hanging, true, 30*time.Second
		op.Prove(record.ServerIdle, record.Evidence{Processes: 2, Over: 29 * time.Second})
		r.Changed(op)
	}
	return op
}

// Answer ends an operation with an answer.
func (r *Recorded) Answer(op record.Operation, took time.Duration) {
	op.Answered, op.ResponseSize = true, max(op.ResponseSize, 400)
	op.Wait, op.Transfer = took-took/20, took/20
	op.FirstByte = op.Start.Add(op.Wait)
	r.Over(op, took)
}

// Over ends an operation.
func (r *Recorded) Over(op record.Operation, took time.Duration) {
	op.Change, op.Duration = record.Ended, took
	op.End = op.Start.Add(took + op.InputWait)
	r.Changed(op)
}

// Closed ends the session by its client.
func (r *Recorded) Closed(at time.Time) {
	r.Note(record.Exit{Time: at, EndedBy: record.ByClient, Cause: record.ClientLeft, Lifetime: at.Sub(r.About.Launched)})
	r.writer.Close(context.Background(), nil)
}

// Killed ends the session as if its process had been killed.
func (r *Recorded) Killed() { r.writer.Close(context.Background(), nil) }

// Flush waits until all is in the session's files.
func (r *Recorded) Flush(ctx context.Context) { r.writer.Flush(ctx) }
