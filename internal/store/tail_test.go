package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// taken collects what a Tail hands over.
type taken struct {
	operations map[uint64]record.Operation
	parents    map[uint64]store.Ref
	chat       int
	notes      []record.Note
}

func newTaken() *taken {
	return &taken{operations: map[uint64]record.Operation{}, parents: map[uint64]store.Ref{}}
}

func (t *taken) Ended(op *record.Operation, parent store.Ref) {
	if op.Number == 0 {
		t.chat++
		return
	}
	t.operations[op.Number], t.parents[op.Number] = *op, parent
}

func (t *taken) Noted(n record.Note) { t.notes = append(t.notes, n) }

// TestTail: what a Tail reads piece by piece is what Load reads at once.
func TestTail(t *testing.T) {
	dir := storeDir(t)
	server := storetest.Servers()[1]
	w, err := storetest.Make(dir, storetest.Session{
		Server: server, Start: epoch, Calls: 30, Every: time.Second, Chat: 2, Open: true, End: storetest.Running,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close(t.Context(), nil)
	s := only(t, dir)
	tail, got := store.NewTail(), newTaken()
	read := func() {
		t.Helper()
		if err := tail.Read(t.Context(), &s, got); err != nil {
			t.Fatal(err)
		}
	}
	read()
	open := 0
	for op := range tail.Open {
		if open++; op.Number != 32 || !op.Hung || op.Stall != record.ServerIdle {
			t.Errorf("open: %+v", op)
		}
	}
	if len(got.operations) != 31 || got.chat != 61 || open != 1 {
		t.Errorf("%d operations, %d notifications, %d open", len(got.operations), got.chat, open)
	}
	read() // nothing is new
	w.Changed(&record.Operation{
		Number: 32, Change: record.Ended, Direction: record.ToServer, Method: semconv.ToolsCall, Start: epoch, End: epoch, Answered: true,
	})
	if len(got.operations) != 31 || got.chat != 61 {
		t.Errorf("what was read is read again: %d operations, %d notifications", len(got.operations), got.chat)
	}
	whole, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole.Operations {
		want := &whole.Operations[i]
		if one := got.operations[want.Number]; want.Change == record.Ended && (one.Method != want.Method || !one.Start.Equal(want.Start) ||
			one.Duration != want.Duration || tail.Number(got.parents[want.Number]) != want.Parent) {
			t.Errorf("%+v\nwant %+v", one, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.NewTail().Read(ctx, &s, newTaken()); err == nil {
		t.Error("a context that has ended did not stop it")
	}
}

// TestOperation: one operation is read as Load reads it, with its content and what the digest alone has.
func TestOperation(t *testing.T) {
	dir := storeDir(t)
	one := makeSession(t, dir, 50)
	whole, err := one.Load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole.Operations {
		want := &whole.Operations[i]
		got, ids, err := one.Operation(t.Context(), want.Number)
		if err != nil || got == nil || fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", *want) || ids != whole.Spans[want.Number] {
			t.Fatalf("%+v, %v, %v\nwant %+v", got, ids, err, want)
		}
	}
	if got, _, err := one.Operation(t.Context(), 999_999); got != nil || err != nil {
		t.Errorf("one that is not there: %+v, %v", got, err)
	}
}

// TestUsage reads what the server's processes used, and leaves out lines that are about something else, or damaged.
func TestUsage(t *testing.T) {
	dir := storeDir(t)
	one := makeSession(t, dir, 1)
	before, after := otlpfile.Metrics(&otlpfile.Origin{ScopeName: "test"})
	at := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Minute) }
	point := func(n int, value attribute.Value) otlpfile.Point { return otlpfile.Point{Time: at(n), Value: value} }
	var text strings.Builder
	for n := range 3 {
		line := otlpfile.AppendMetric(append([]byte(nil), before...), &otlpfile.Metric{
			Name: semconv.ProcessCPUTime.Name, Form: otlpfile.Sum, Monotonic: true,
			Points: []otlpfile.Point{point(n, attribute.Float64Value(float64(n))), point(n, attribute.Float64Value(0.5))},
		})
		line = otlpfile.AppendMetric(append(line, ','), &otlpfile.Metric{
			Name: semconv.ProcessMemoryUsage.Name, Form: otlpfile.Sum, Points: []otlpfile.Point{point(n, attribute.Int64Value(int64(n+1)<<20))},
		})
		text.Write(append(line, after...))
		text.WriteString("{\"process.cpu.time\n")
	}
	if err := os.WriteFile(filepath.Join(one.Dir, "metrics.jsonl"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() ([]store.Usage, error){"all": one.Usage, "recent": one.RecentUsage} {
		all, err := read()
		if err != nil || len(all) != 3 || all[2].CPU != 2500*time.Millisecond || all[2].Memory != 3<<20 || !all[2].Time.Equal(at(2)) {
			t.Errorf("%s: %+v, %v", name, all, err)
		}
	}
}
