package store_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// live is a session that a test lets do one thing after the other.
type live struct {
	fan
	w     *store.Writer
	about record.Session
	ops   map[uint64]record.Operation
	count uint64
}

var sessionsStarted = 0

// storeDir returns a directory for a store. It is removed when nothing writes there any more: the retention, which runs
// beside a session, may outlast it.
func storeDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mcptest.Eventually(t, "the store is removed", func() bool { return os.RemoveAll(dir) == nil }) })
	return dir
}

// startLive starts a session of a server.
func startLive(t *testing.T, dir, service string, launched time.Time) *live {
	t.Helper()
	sessionsStarted++
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", sessionsStarted)
	about := record.Session{ID: id, Launched: launched}
	res := resource.NewSchemaless(attribute.String("service.name", service), attribute.String("service.instance.id", id))
	w := store.Create(store.Config{
		Dir: dir, Meta: store.Meta{ID: id, Version: "1.0.0", Launched: about.Launched, Service: service},
		Origin: &otlpfile.Origin{Resource: res.Attributes(), ScopeName: otel.Scope, ScopeVersion: "1.0.0"},
	})
	l := &live{w: w, about: about, ops: map[uint64]record.Operation{}}
	l.fan = fan{otel.New(otel.Config{Version: "1.0.0", Resource: res, Session: about, Recorder: w}), w}
	l.about.Started, l.about.Time = launched, launched
	l.Noted(l.about)
	return l
}

// named makes the session's peers known.
func (l *live) named(server, client string) {
	l.about.Server.Name, l.about.Client.Name, l.about.Ready = server, client, true
	l.about.Time = time.Now()
	l.Noted(l.about)
}

// open opens a call of a tool.
func (l *live) open(tool string) uint64 {
	l.count++
	op := record.Operation{
		Change: record.Opened, Number: l.count, Direction: record.ToServer, Method: semconv.ToolsCall, Target: tool,
		RequestID: fmt.Sprint(l.count), Start: time.Now(), RequestSize: 100, RoundTrips: 1,
	}
	l.ops[op.Number] = op
	l.Opened(&op)
	return op.Number
}

// change reports that a call is still open, or hangs.
func (l *live) change(number uint64, change record.Change, after time.Duration) {
	op := l.ops[number]
	op.Change, op.Duration, op.Hung = change, after, op.Hung || change == record.Hanging
	l.ops[number] = op
	l.Changed(&op)
}

// end ends a call.
func (l *live) end(number uint64, errorType string) {
	op := l.ops[number]
	op.Change, op.End, op.Answered, op.ResponseSize, op.ErrorType = record.Ended, time.Now(), true, 200, errorType
	op.Duration = op.End.Sub(op.Start)
	l.Changed(&op)
}

// call makes a call that is answered.
func (l *live) call(tool string) { l.end(l.open(tool), "") }

// kill ends the session without a word.
func (l *live) kill() { l.w.Close(context.Background(), nil) }

// close ends the session.
func (l *live) close() {
	l.Noted(record.Exit{Time: time.Now(), EndedBy: record.ByClient, Cause: record.ClientLeft})
	l.w.Close(context.Background(), nil)
}
