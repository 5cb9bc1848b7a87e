package store_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// epoch is when the tests' sessions start.
var epoch = time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)

// TestReadAsWritten plays every conversation of the tracker's corpus into a store, and compares the records that are read
// again with those that were written, field by field. What the format does not hold is left out by the functions below,
// whose comments list it.
func TestReadAsWritten(t *testing.T) {
	files, err := filepath.Glob("../../telemetry/session/testdata/*.txtar")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d conversations: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			conversation, err := mcptest.ReadConversation(file)
			if err != nil {
				t.Fatal(err)
			}
			want, got := readAgain(t, conversation)
			compare(t, "operation", want.operations(), operations(got))
			compare(t, "note", want.storedNotes(), inOrder(got.Notes))
			compare(t, "session", []record.Session{storedSession(want.session)}, []record.Session{storedSession(got.Session)})
			compare(t, "exit", []record.Exit{want.exit}, []record.Exit{*got.Exit})
			if got.Damaged > 0 {
				t.Errorf("%d lines are damaged", got.Damaged)
			}
		})
	}
}

// compare compares lists of records by their JSON, which has all of their fields. Times are in UTC there.
func compare[T any](t *testing.T, what string, want, got []T) {
	t.Helper()
	text := func(list []T) []string {
		var lines []string
		for _, r := range list {
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, reflect.TypeOf(r).Name()+" "+string(line))
		}
		return lines
	}
	w, g := text(want), text(got)
	for i := range max(len(w), len(g)) {
		switch {
		case i >= len(w):
			t.Errorf("%s %d is not expected: %s", what, i, g[i])
		case i >= len(g):
			t.Errorf("%s %d is missing: %s", what, i, w[i])
		case w[i] != g[i]:
			t.Errorf("%s %d:\n got %s\nwant %s", what, i, g[i], w[i])
		}
	}
}

// readAgain plays a conversation into a store and reads it.
func readAgain(t *testing.T, c *mcptest.Conversation) (*written, *store.Records) {
	t.Helper()
	dir := storeDir(t)
	const id = "00000000-0000-4000-8000-000000000001"
	about := record.Session{ID: id, Launched: epoch, Started: epoch.Add(time.Millisecond), PID: 4711}
	res := resource.NewSchemaless(attribute.String("service.name", "server-x"), attribute.String("service.instance.id", id))
	w := store.Create(store.Config{
		Dir: dir, Meta: store.Meta{ID: id, Version: "1.0.0", Launched: epoch, Service: "server-x"},
		Origin: &otlpfile.Origin{Resource: res.Attributes(), ScopeName: otel.Scope, ScopeVersion: "1.0.0"},
	})
	kept := &written{changes: map[uint64]record.Operation{}}
	all := fan{otel.New(otel.Config{Version: "1.0.0", Resource: res, Session: about, Recorder: w}), w, kept, &slow{w: w}}
	tell(c, session.Config{Session: about}, all)
	w.Close(context.Background(), nil)
	sessions, err := store.Open(dir).Sessions()
	if err != nil || len(sessions) != 1 {
		t.Fatal(sessions, err)
	}
	got, err := sessions[0].Load()
	if err != nil {
		t.Fatal(err)
	}
	return kept, got
}

// tell plays a conversation to a tracker whose records go to a sink, with the findings about them.
func tell(c *mcptest.Conversation, cfg session.Config, sink session.Sink) {
	if words := c.Settings["capacity"]; len(words) > 0 {
		cfg.Capacity, _ = strconv.Atoi(words[0])
	}
	if words := c.Settings["hang"]; len(words) > 0 {
		cfg.HangAfter, _ = time.ParseDuration(words[0])
	}
	if len(c.Settings["look"]) > 0 {
		n := 0
		cfg.Look = func(bool) (session.Look, bool) {
			n++
			return someLook(n), true
		}
	}
	findings := anomaly.New(func(f record.Finding) { sink.Noted(f) })
	p := &teller{tracker: session.New(cfg, fan{sink, findings})}
	reader := session.NewReader(session.Contents{})
	for i, dir := range []record.Direction{record.ToServer, record.ToClient} {
		decoder := session.Decoder{Reader: reader, Dir: dir, Epoch: epoch}
		p.scanners[i] = framing.NewScanner(reader.Table, func(m *framing.Message) {
			var raw session.Raw
			decoder.Decode(m, &raw)
			p.tracker.Observe(&raw.Message)
		})
	}
	c.Play(p, 0)
}

// someLook returns what can be seen, something else each time, so that evidence of every kind is written and read.
func someLook(n int) session.Look {
	at := time.Duration(n) * time.Hour
	tree := session.Tree{
		At: at, Processes: 3, Running: n % 2, Stopped: n / 4 % 2, CPU: time.Duration(n) * 1250 * time.Millisecond,
		Started: []time.Duration{at, 0}, Bridge: []string{"", "docker"}[n/8%2],
	}
	look := session.Look{Sent: 1 << 40, Taken: 1 << 39, Tree: tree}
	switch n % 5 {
	case 0:
		look.ToClient = session.Stream{Partial: 4096, Quiet: 1500 * time.Millisecond}
	case 1:
		look.ToClient, look.ToServer = session.Stream{Blocked: 30 * time.Second}, session.Stream{Blocked: 2 * time.Second}
	case 2:
		look.Taken = 0
	}
	return look
}

// teller implements mcptest.Player.
type teller struct {
	tracker  *session.Tracker
	scanners [2]*framing.Scanner
}

func (p *teller) Say(from mcptest.Source, text []byte, at time.Duration) {
	i := 0
	if from == mcptest.FromServer {
		i = 1
	}
	p.scanners[i].Write(text, epoch.Add(at))
}

func (p *teller) Advance(at time.Duration) { p.tracker.Advance(at) }

func (p *teller) End(from mcptest.Source, at time.Duration) {
	cause := record.ClientLeft
	if from == mcptest.FromServer {
		cause = record.ServerEnded
	}
	p.tracker.Close(at, record.Exit{EndedBy: cause.EndedBy(), Cause: cause})
}

// slow is a sink that lets the writer keep up: a conversation has no pauses.
type slow struct {
	w       *store.Writer
	changes int
}

func (*slow) Opened(*record.Operation) {}

func (s *slow) Changed(*record.Operation) {
	if s.changes++; s.changes%200 == 0 {
		s.w.Flush(context.Background())
	}
}

func (*slow) Noted(record.Note) {}

// fan passes records on to several sinks.
type fan []session.Sink

func (f fan) Opened(op *record.Operation) {
	for _, s := range f {
		s.Opened(op)
	}
}

func (f fan) Changed(op *record.Operation) {
	for _, s := range f {
		s.Changed(op)
	}
}

func (f fan) Noted(n record.Note) {
	for _, s := range f {
		s.Noted(n)
	}
}

// written is a sink that keeps what a store should.
type written struct {
	changes map[uint64]record.Operation
	notes   []record.Note
	session record.Session
	exit    record.Exit
}

func (*written) Opened(*record.Operation) {}

func (w *written) Changed(op *record.Operation) {
	if op.Change == record.Ended {
		w.changes[op.Number] = *op
	}
}

func (w *written) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Session:
		w.session = n
	case record.Exit:
		w.exit = n
	case record.Message: // counted only
	default:
		w.notes = append(w.notes, n)
	}
}

// operations returns what the store holds of operations. Not held are: the task's id; which page of a list it was; of an operation of several round
// trips, waiting and transfer, which its span does not have either; the parent within the session, if the request names
// another one in its trace context.
func (w *written) operations() []record.Operation {
	var all []record.Operation
	for _, op := range w.changes {
		op.TaskID, op.List = "", record.ListPage{}
		if !op.Answered || op.RoundTrips != 1 {
			op.FirstByte, op.Wait, op.Transfer = time.Time{}, 0, 0
		}
		if op.Traceparent != "" {
			op.Parent = 0
		}
		all = append(all, op)
	}
	return byNumber(all)
}

func operations(r *store.Records) []record.Operation { return byNumber(r.Operations) }

func byNumber(all []record.Operation) []record.Operation {
	slices.SortFunc(all, func(a, b record.Operation) int { return int(a.Number) - int(b.Number) })
	for i := range all {
		op := &all[i]
		op.Start, op.End = op.Start.UTC(), op.End.UTC()
		if !op.FirstByte.IsZero() {
			op.FirstByte = op.FirstByte.UTC()
		}
	}
	return all
}

// storedNotes returns what the store holds of notes. Not held are: notifications of progress, of cancellations and of log
// messages, which are events or counts; violations after the first one of their kind, which are counted as metrics; the
// level of a message beyond the four of log records.
func (w *written) storedNotes() []record.Note {
	var all []record.Note
	seen := map[record.ViolationKind]bool{}
	for _, n := range w.notes {
		switch n := n.(type) {
		case record.Notification:
			switch n.Method {
			case semconv.Progress, semconv.Cancelled, semconv.LogMessage:
				continue
			}
			all = append(all, n)
		case record.Violation:
			if !seen[n.Kind] {
				seen[n.Kind] = true
				all = append(all, n)
			}
		default:
			all = append(all, n)
		}
	}
	return inOrder(all)
}

// inOrder sorts notes by time, and those of the same time by their types, since they come from several files.
func inOrder(all []record.Note) []record.Note {
	slices.SortStableFunc(all, func(a, b record.Note) int {
		return cmp.Or(store.TimeOf(a).Compare(store.TimeOf(b)), cmp.Compare(fmt.Sprintf("%T", a), fmt.Sprintf("%T", b)))
	})
	return all
}

// storedSession returns what the store holds of the session: all but the time of its last change, and that it was silent
// before it was ready.
func storedSession(s record.Session) record.Session {
	s.Time = time.Time{}
	s.Silent = s.Silent && !s.Ready
	return s
}

// TestLoadPart: the end of a session is read without the rest, and is what the whole has at its end.
func TestLoadPart(t *testing.T) {
	dir := storeDir(t)
	one := makeSession(t, dir, 5000)
	whole, err := one.Load()
	if err != nil {
		t.Fatal(err)
	}
	n := len(whole.Operations)
	for _, last := range []int{1, 20, 4000, n, 2 * n} {
		part, err := one.LoadPart(store.Range{Last: last})
		if err != nil {
			t.Fatal(err)
		}
		want := whole.Operations[max(n-last, 0):]
		if got := fmt.Sprint(numbers(part.Operations)); got != fmt.Sprint(numbers(want)) || part.Damaged > 0 {
			t.Errorf("the last %d: %d operations, %d damaged lines", last, len(part.Operations), part.Damaged)
		}
		if part.Left != n-len(want) {
			t.Errorf("the last %d leave out %d, want %d", last, part.Left, n-len(want))
		}
	}
	for _, at := range []int{0, 17, n / 2, n - 1} {
		since := whole.Operations[at].End
		part, err := one.LoadPart(store.Range{Since: since})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := numbers(part.Operations), numbers(whole.Operations[at:]); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("since operation %d: %d operations, want %d", at, len(got), len(want))
		}
	}
}

// TestLoadPartOfChat: notifications do not count as operations, however many there are.
func TestLoadPartOfChat(t *testing.T) {
	dir := storeDir(t)
	if _, err := storetest.Make(dir, storetest.Session{Server: storetest.Servers()[0], Start: epoch, Calls: 100, Every: time.Second, Chat: 40, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	one, err := store.Open(dir).Find("last")
	if err != nil {
		t.Fatal(err)
	}
	part, err := one.LoadPart(store.Range{Last: 50})
	if err != nil || len(part.Operations) != 50 || part.Left != 52 {
		t.Errorf("%d operations, and %d are left; %v", len(part.Operations), part.Left, err)
	}
}

// TestLoadWithoutSpans: calls that were open for long, and of which the spans were lost, have ended all the same.
func TestLoadWithoutSpans(t *testing.T) {
	one := makeSession(t, storeDir(t), 2000)
	whole, err := one.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(one.Dir, "traces.jsonl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	rest, err := one.Load()
	if err != nil || len(rest.Operations) == 0 {
		t.Fatal(rest, err)
	}
	for _, got := range rest.Operations {
		want := whole.Operations[got.Number-1]
		if got.Change != record.Ended || !got.End.Equal(want.End) || got.Duration != want.Duration || got.ErrorType != want.ErrorType ||
			!got.Answered || got.ResponseSize != want.ResponseSize {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

func numbers(ops []record.Operation) []uint64 {
	all := make([]uint64, len(ops))
	for i := range ops {
		all[i] = ops[i].Number
	}
	return all
}
