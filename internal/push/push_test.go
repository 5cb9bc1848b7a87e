package push_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/push"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

var protocols = []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP}

// fill makes a store with sessions of so many calls each.
func fill(t *testing.T, calls ...int) *store.Store {
	t.Helper()
	s := store.Open(t.TempDir())
	for i, n := range calls {
		makeSession(t, s, storetest.Session{Calls: n, Seed: uint64(i + 1)})
	}
	return s
}

func makeSession(t *testing.T, s *store.Store, what storetest.Session) *store.Writer {
	t.Helper()
	what.Server = storetest.Servers()[what.Seed%4]
	what.Client = record.Peer{Name: "test-client", Version: "1"}
	what.Start, what.Every = time.Date(2026, 11, 25, 10, int(what.Seed), 0, 0, time.UTC), time.Second
	w, err := storetest.Make(s.Dir, what)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func sessions(t *testing.T, s *store.Store) []store.Session {
	t.Helper()
	all, err := s.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// config returns what sends all sessions to a receiver.
func config(t *testing.T, s *store.Store, r *otlptest.Receiver, p otlptest.Protocol, variables ...string) push.Config {
	t.Helper()
	env := map[string]string{}
	for _, entry := range append(r.Env(p), variables...) {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	senders := otlp.Senders(otlp.Config{
		Lookup: func(n string) (string, bool) { v, ok := env[n]; return v, ok },
		Logger: slog.New(slog.DiscardHandler), Broken: func(any) {},
	}, "1.0.0")
	for _, one := range senders {
		t.Cleanup(one.Close)
	}
	senders = slices.DeleteFunc(senders, func(s *otlp.Sender) bool { return s.Route.Signal == "metrics" })
	return push.Config{
		Sessions: sessions(t, s), Senders: senders, Key: []byte("key"),
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func run(t *testing.T, cfg push.Config) *push.Report {
	t.Helper()
	report, err := push.Run(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func complete(t *testing.T, cfg push.Config) *push.Report {
	t.Helper()
	report := run(t, cfg)
	if !report.Complete() {
		t.Fatalf("not complete: %+v", describe(report))
	}
	return report
}

func describe(r *push.Report) string {
	text, _ := json.MarshalIndent(r, "", " ")
	return string(text)
}

// stored returns what a session's file of a signal holds, as JSON, without what is for the store alone.
func stored(t *testing.T, s *store.Session, signal string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, signal+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	members := map[string][]string{
		"traces": {"resourceSpans", "scopeSpans", "spans"}, "logs": {"resourceLogs", "scopeLogs", "logRecords"},
	}[signal]
	var all []map[string]any
	for line := range bytes.Lines(text) {
		var data map[string]any
		if err := json.Unmarshal(line, &data); err != nil {
			t.Fatal(err)
		}
		level := []map[string]any{data}
		for _, member := range members {
			var next []map[string]any
			for _, one := range level {
				list, _ := one[member].([]any)
				for _, element := range list {
					next = append(next, element.(map[string]any))
				}
			}
			level = next
		}
		for _, one := range level {
			if body, _ := one["body"].(map[string]any); body["stringValue"] != semconv.OperationOpen.Message {
				all = append(all, one)
			}
		}
	}
	return all
}

// TestPush sends sessions over either protocol. All spans and log records arrive as they are stored, a second push has
// nothing to send, and --again sends everything once more.
func TestPush(t *testing.T) {
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			s, r := fill(t, 30, 700), otlptest.Start(t, otlptest.Config{})
			cfg := config(t, s, r, p)
			report := complete(t, cfg)
			wantSpans, wantRecords := map[string]map[string]any{}, 0
			for i := range cfg.Sessions {
				for _, span := range stored(t, &cfg.Sessions[i], "traces") {
					wantSpans[span["spanId"].(string)] = span
				}
				wantRecords += len(stored(t, &cfg.Sessions[i], "logs"))
			}
			spans := r.Spans()
			if len(spans) != len(wantSpans) || len(r.Records()) != wantRecords || wantRecords == 0 {
				t.Fatalf("received %d spans and %d records, want %d and %d", len(spans), len(r.Records()), len(wantSpans), wantRecords)
			}
			for _, got := range spans {
				want := wantSpans[got.SpanID]
				attributes, _ := want["attributes"].([]any)
				if got.Name != want["name"] || got.TraceID != want["traceId"] || len(got.Attrs) != len(attributes) ||
					strconv.FormatInt(got.Start.UnixNano(), 10) != want["startTimeUnixNano"] || got.Service() == "" {
					t.Fatalf("got %+v, want %v", got, want)
				}
			}
			sent := int64(0)
			for _, one := range report.Sessions {
				sent += one.Signals["traces"].Sent
			}
			if sent != int64(len(spans)) {
				t.Errorf("reported %d spans, sent %d", sent, len(spans))
			}
			requests := len(r.Requests())
			if again := complete(t, cfg); again.Sessions[0].Signals["traces"].Sent != 0 || again.Sessions[0].Signals["traces"].Before == 0 {
				t.Errorf("the second push: %s", describe(again))
			}
			if len(r.Requests()) != requests {
				t.Errorf("the second push sent %d requests", len(r.Requests())-requests)
			}
			cfg.Again = true
			complete(t, cfg)
			if len(r.Spans()) != 2*len(spans) {
				t.Errorf("received %d spans after sending them again", len(r.Spans()))
			}
		})
	}
}

// errKilled is the panic that ends a push as if its process was killed.
var errKilled = errors.New("killed")

// killed runs a push that may be ended so.
func killed(cfg push.Config) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	_, err = push.Run(context.Background(), cfg)
	return err
}

// TestExactlyOnce: pushes meet faults of all kinds and are killed, until one ends well. Every span and every log record
// has arrived then, and a second time only if it was in a request whose answer was lost.
func TestExactlyOnce(t *testing.T) {
	for seed := range uint64(24) {
		random := rand.New(rand.NewPCG(seed, 0))
		p := protocols[seed%2]
		s, r := fill(t, random.IntN(40), random.IntN(40)), otlptest.Start(t, otlptest.Config{})
		size := 1 + random.IntN(12)
		n := strconv.Itoa(size)
		cfg := config(t, s, r, p, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE="+n, "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE="+n,
			"OTEL_EXPORTER_OTLP_TIMEOUT=2000")
		unsure := 0 // requests that were accepted without an answer
		for range 1 + random.IntN(5) {
			for _, signal := range []otlptest.Signal{otlptest.Traces, otlptest.Logs} {
				var faults []otlptest.Fault
				for range random.IntN(6) {
					fault := []otlptest.Fault{
						otlptest.Accept(), otlptest.Unavailable(), otlptest.Exhausted(time.Second), otlptest.Cut(), otlptest.Lost(),
						otlptest.Internal(), otlptest.Partial(0, "a warning"), otlptest.Fail(codes.Aborted, 502),
					}[random.IntN(8)]
					if fault == otlptest.Lost() {
						unsure++
					}
					faults = append(faults, fault)
				}
				r.Script(signal, faults...)
			}
			left := random.IntN(20)
			cfg.Progress = func(push.Progress) {
				if left--; left == 0 {
					panic(errKilled)
				}
			}
			if err := killed(cfg); err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
		}
		r.Script(otlptest.Traces)
		r.Script(otlptest.Logs)
		cfg.Progress = nil
		report := complete(t, cfg)
		check(t, seed, cfg.Sessions, r, unsure*size)
		for _, one := range report.Sessions {
			if c := one.Signals["traces"]; c.Sent+c.Before != int64(len(stored(t, one.Session, "traces"))) {
				t.Errorf("seed %d: %+v is reported of %s", seed, c, one.Session.Name)
			}
		}
		if t.Failed() {
			return
		}
	}
}

// check compares what was received with what is stored. At most so many items may have arrived again.
func check(t *testing.T, seed uint64, all []store.Session, r *otlptest.Receiver, again int) {
	t.Helper()
	got := map[string]int{}
	for _, span := range r.Spans() {
		got[span.SpanID]++
	}
	wantSpans, wantRecords := 0, 0
	for i := range all {
		spans := stored(t, &all[i], "traces")
		wantSpans += len(spans)
		wantRecords += len(stored(t, &all[i], "logs"))
		for _, span := range spans {
			if got[span["spanId"].(string)] == 0 {
				t.Errorf("seed %d: span %s has not arrived", seed, span["spanId"])
			}
		}
	}
	if len(got) != wantSpans {
		t.Errorf("seed %d: %d spans have arrived, of %d", seed, len(got), wantSpans)
	}
	if n := len(r.Spans()) + len(r.Records()) - wantSpans - wantRecords; n < 0 || n > again {
		t.Errorf("seed %d: %d items more have arrived than are stored, at most %d may", seed, n, again)
	}
}

// TestWaits: a push waits as long as the collector asks, and longer each time where it does not; it gives up in the end,
// and at once where there is no collector.
func TestWaits(t *testing.T) {
	for _, test := range []struct {
		name   string
		faults []otlptest.Fault
		waits  []time.Duration
		whole  bool
	}{
		{"asks", []otlptest.Fault{otlptest.Exhausted(9 * time.Second), otlptest.Exhausted(3 * time.Second)},
			[]time.Duration{9 * time.Second, 3 * time.Second}, true},
		{"does not", []otlptest.Fault{otlptest.Unavailable(), otlptest.Unavailable(), otlptest.Unavailable()},
			[]time.Duration{time.Second, 2 * time.Second, 4 * time.Second}, true},
		{"for ever", slices.Repeat([]otlptest.Fault{otlptest.Unavailable()}, 20),
			[]time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}, false},
		{"too long", []otlptest.Fault{otlptest.Exhausted(time.Hour)}, nil, false},
		{"centuries", []otlptest.Fault{otlptest.Unavailable(), otlptest.Exhausted(math.MaxInt64 - time.Second + 1)},
			[]time.Duration{time.Second}, false},
	} {
		for _, p := range protocols {
			t.Run(test.name+" over "+string(p), func(t *testing.T) {
				s, r := fill(t, 3), otlptest.Start(t, otlptest.Config{})
				r.Script(otlptest.Traces, test.faults...)
				cfg := config(t, s, r, p)
				var waits []time.Duration
				cfg.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
				report := run(t, cfg)
				if !slices.Equal(waits, test.waits) || report.Complete() != test.whole {
					t.Errorf("waited %v: %s", waits, describe(report))
				}
				if traces := report.Destinations[0]; !test.whole && (traces.Problem == "" || traces.Hint == "") {
					t.Errorf("no reason in %+v", traces)
				}
			})
		}
	}
	s, r := fill(t, 3), otlptest.Start(t, otlptest.Config{})
	for _, p := range protocols {
		cfg := config(t, s, r, p, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+otlptest.RefusedAddr(t))
		cfg.Sleep = func(context.Context, time.Duration) error { t.Error("waited for no collector"); return nil }
		report := run(t, cfg)
		if report.Complete() || !strings.Contains(report.Destinations[0].Problem, "connection refused") {
			t.Errorf("over %s: %s", p, describe(report))
		}
	}
}

// TestTooLarge: requests that are too large for a collector are halved, and one item that is too large by itself does
// not keep the others back.
func TestTooLarge(t *testing.T) {
	for _, p := range protocols {
		s, r := fill(t, 20), otlptest.Start(t, otlptest.Config{})
		tooLarge := otlptest.Fail(codes.ResourceExhausted, 413)
		if p == otlptest.GRPC {
			tooLarge = otlptest.FailSaying(codes.ResourceExhausted, 413, "grpc: received message larger than max (9 vs. 8)")
		}
		// 23 spans; 12, 6, 3, 1 of them: only the last is taken for one that cannot be sent.
		r.Script(otlptest.Traces, slices.Repeat([]otlptest.Fault{tooLarge}, 5)...)
		report := run(t, config(t, s, r, p))
		total := int64(len(stored(t, report.Sessions[0].Session, "traces")))
		got := report.Sessions[0].Signals["traces"]
		if got.Rejected != 1 || got.Sent != total-1 || !got.Complete || report.Complete() || len(report.Warnings) != 1 {
			t.Errorf("over %s, of %d spans: %s", p, total, describe(report))
		}
		if again := run(t, config(t, s, r, p)); len(r.Spans()) != int(total-1) || !again.Complete() {
			t.Errorf("over %s: sent again: %s", p, describe(again))
		}
	}
}

// TestRefused: data that a collector cannot take are isolated, but one that refuses everything is no collector, and
// nothing counts as sent.
func TestRefused(t *testing.T) {
	for _, p := range protocols {
		s, r := fill(t, 20), otlptest.Start(t, otlptest.Config{})
		bad := otlptest.Fail(codes.InvalidArgument, 400)
		r.SetFault(bad)
		report := run(t, config(t, s, r, p))
		if got := report.Sessions[0].Signals["traces"]; got.Rejected != 0 || got.Complete || report.Destinations[0].Problem == "" {
			t.Errorf("over %s: %s", p, describe(report))
		}
		r.SetFault(otlptest.Accept())
		r.Script(otlptest.Traces, otlptest.Accept(), bad, bad, bad, bad)
		report = run(t, config(t, s, r, p, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=8"))
		total := int64(len(stored(t, report.Sessions[0].Session, "traces")))
		if got := report.Sessions[0].Signals["traces"]; got.Rejected != 1 || got.Sent != total-1 || !got.Complete {
			t.Errorf("over %s: %s", p, describe(report))
		}
	}
}

// TestUnsupported: a backend that takes spans alone is no failure, and the log records can go elsewhere later.
func TestUnsupported(t *testing.T) {
	for _, p := range protocols {
		s, r := fill(t, 3, 3), otlptest.Start(t, otlptest.Config{})
		r.SetFault(otlptest.Fail(codes.Unimplemented, 404), otlptest.Logs)
		report := complete(t, config(t, s, r, p))
		if !report.Destinations[1].Unsupported || len(r.Requests(otlptest.Logs)) != 1 {
			t.Errorf("over %s: %s", p, describe(report))
		}
		r.SetFault(otlptest.Accept())
		complete(t, config(t, s, r, p))
		if len(r.Records()) == 0 {
			t.Errorf("over %s: the log records were not sent later", p)
		}
	}
}

// TestDestinations: what one destination has does not count for another.
func TestDestinations(t *testing.T) {
	s, a, b := fill(t, 5), otlptest.Start(t, otlptest.Config{}), otlptest.Start(t, otlptest.Config{})
	complete(t, config(t, s, a, otlptest.HTTP))
	complete(t, config(t, s, b, otlptest.HTTP, "OTEL_EXPORTER_OTLP_HEADERS=authorization=secretsecret"))
	if len(a.Spans()) == 0 || len(a.Spans()) != len(b.Spans()) {
		t.Errorf("received %d and %d spans", len(a.Spans()), len(b.Spans()))
	}
	text, err := os.ReadFile(filepath.Join(sessions(t, s)[0].Dir, "push.json"))
	if err != nil || bytes.Contains(text, []byte("secret")) {
		t.Errorf("push.json: %v\n%s", err, text)
	}
	if info, err := os.Stat(filepath.Join(sessions(t, s)[0].Dir, "push.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("push.json: %v, %v", info.Mode(), err)
	}
}

// TestDryRun: what would be sent is counted, and nothing is.
func TestDryRun(t *testing.T) {
	s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
	cfg := config(t, s, r, otlptest.GRPC)
	cfg.DryRun = true
	report := complete(t, cfg)
	if got, want := report.Sessions[0].Signals["traces"].Sent, len(stored(t, &cfg.Sessions[0], "traces")); got != int64(want) {
		t.Errorf("counts %d spans of %d", got, want)
	}
	for _, name := range []string{"push.json", "push.lock"} {
		if _, err := os.Stat(filepath.Join(cfg.Sessions[0].Dir, name)); err == nil {
			t.Errorf("it made %s", name)
		}
	}
	if len(r.Requests()) > 0 {
		t.Errorf("it sent %d requests", len(r.Requests()))
	}
}

// TestDamage: a line that cannot be read, or is too long, is counted and left out, and a torn last one waits.
func TestDamage(t *testing.T) {
	s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
	one := sessions(t, s)[0]
	file := filepath.Join(one.Dir, "traces.jsonl")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	total := len(stored(t, &one, "traces"))
	long := append(bytes.Repeat([]byte(" "), 33<<20), '\n')
	cut := bytes.IndexByte(whole, '\n') / 2 // in the first of perhaps several lines
	torn := slices.Concat([]byte("{\"resourceSpans\":\x00}\n"), long, whole, whole[:cut])
	if err := os.WriteFile(file, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	report := run(t, config(t, s, r, otlptest.HTTP))
	if report.Sessions[0].Damaged != 2 || report.Complete() || len(r.Spans()) != total {
		t.Errorf("received %d spans of %d: %s", len(r.Spans()), total, describe(report))
	}
	complete(t, config(t, s, r, otlptest.HTTP)) // the damaged line is behind the position now
	if err := os.WriteFile(file, slices.Concat(torn, whole[cut:]), 0o600); err != nil {
		t.Fatal(err)
	}
	complete(t, config(t, s, r, otlptest.HTTP))
	if len(r.Spans()) != 2*total {
		t.Errorf("received %d spans, want %d", len(r.Spans()), 2*total)
	}
}

// TestState: a state that is damaged is none, and one of a later version is left alone.
func TestState(t *testing.T) {
	s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
	one := sessions(t, s)[0]
	total := len(stored(t, &one, "traces"))
	for _, text := range []string{"", "{", "null", `{"format":1,"destinations":null}`} {
		if err := os.WriteFile(filepath.Join(one.Dir, "push.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		before := len(r.Spans())
		complete(t, config(t, s, r, otlptest.HTTP))
		if len(r.Spans()) != before+total {
			t.Errorf("%q: received %d spans, want %d", text, len(r.Spans())-before, total)
		}
	}
	if err := os.WriteFile(filepath.Join(one.Dir, "push.json"), []byte(`{"format":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if report := run(t, config(t, s, r, otlptest.HTTP)); !strings.Contains(report.Sessions[0].Problem, "later version") {
		t.Errorf("of a later version: %s", describe(report))
	}
}

// TestImpossibleState: a state with positions that no file has counts as none.
func TestImpossibleState(t *testing.T) {
	s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
	complete(t, config(t, s, r, otlptest.HTTP))
	path := filepath.Join(sessions(t, s)[0].Dir, "push.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sent := len(r.Spans())
	for _, position := range []string{`{"offset":-7}`, `{"offset":0,"items":-7}`, `{"offset":99999999}`} {
		hostile := regexp.MustCompile(`"file": \{[^}]*\}`).ReplaceAllLiteral(text, []byte(`"file": `+position))
		if err := os.WriteFile(path, hostile, 0o600); err != nil || bytes.Equal(hostile, text) {
			t.Fatal(err)
		}
		before := len(r.Spans())
		complete(t, config(t, s, r, otlptest.HTTP))
		if n := len(r.Spans()) - before; n != sent {
			t.Errorf("%s: received %d spans, want %d", position, n, sent)
		}
	}
}

// TestLinks: what a push keeps beside a session is written to no other file, whatever has been put in its place.
func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights")
	}
	for _, name := range []string{"push.json", "push.json.tmp", "push.lock"} {
		for kind, link := range map[string]func(from, to string) error{"hard": os.Link, "symbolic": os.Symlink} {
			s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
			one := sessions(t, s)[0]
			precious := filepath.Join(t.TempDir(), "precious")
			if err := errors.Join(os.WriteFile(precious, []byte("{}"), 0o600), link(precious, filepath.Join(one.Dir, name))); err != nil {
				t.Fatal(err)
			}
			report := run(t, config(t, s, r, otlptest.HTTP))
			if text, err := os.ReadFile(precious); string(text) != "{}" {
				t.Errorf("%s, %s: %q, %v; %s", name, kind, text, err, describe(report))
			}
		}
	}
	s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
	one := sessions(t, s)[0]
	traces := filepath.Join(one.Dir, "traces.jsonl")
	before, err := os.ReadFile(traces)
	if err := errors.Join(err, os.Symlink("traces.jsonl", filepath.Join(one.Dir, "push.json.tmp"))); err != nil {
		t.Fatal(err)
	}
	run(t, config(t, s, r, otlptest.HTTP))
	if after, err := os.ReadFile(traces); !bytes.Equal(before, after) {
		t.Errorf("traces.jsonl has %d bytes instead of %d, %v", len(after), len(before), err)
	}
}

// TestBusy: of two pushes, one sends a session.
func TestBusy(t *testing.T) {
	s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
	file, err := os.Create(filepath.Join(sessions(t, s)[0].Dir, "push.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := lockfile.Try(file); err != nil {
		t.Fatal(err)
	}
	report := run(t, config(t, s, r, otlptest.HTTP))
	if report.Complete() || !strings.Contains(report.Sessions[0].Problem, "another push") || len(r.Requests()) > 0 {
		t.Errorf("%s", describe(report))
	}
	_ = file.Close()
	complete(t, config(t, s, r, otlptest.HTTP))
}

// TestLive: of a live session what is there is sent, and later the rest. Records of operations that are open are sent
// only if their session is over and has no span of them.
func TestLive(t *testing.T) {
	s, r := store.Open(t.TempDir()), otlptest.Start(t, otlptest.Config{})
	w := makeSession(t, s, storetest.Session{Calls: 5, Seed: 1, End: storetest.Running})
	one := sessions(t, s)[0]
	mcptest.Eventually(t, "the files of a live session", func() bool {
		_, err := os.Stat(filepath.Join(one.Dir, "traces.jsonl"))
		return err == nil
	})
	complete(t, config(t, s, r, otlptest.GRPC))
	spans := stored(t, &one, "traces")
	if state := sessions(t, s)[0].State; len(r.Spans()) != len(spans) || state != store.Live {
		t.Errorf("of a session that is %s, received:\n%s", state, r.Summary())
	}
	ended, err := trace.SpanIDFromHex(spans[0]["spanId"].(string))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []trace.SpanID{ended, {1, 2, 3}} {
		w.LogRecord(&otlpfile.LogRecord{
			Time: time.Unix(1_790_000_000, 0), Severity: 9, Body: semconv.OperationOpen.Message, TraceID: trace.TraceID{1}, SpanID: id,
		})
	}
	mcptest.Eventually(t, "the records", func() bool {
		text, _ := os.ReadFile(filepath.Join(one.Dir, "logs.jsonl"))
		return strings.Count(string(text), semconv.OperationOpen.Message) == 2
	})
	complete(t, config(t, s, r, otlptest.GRPC))
	open := func() (all []otlptest.Record) {
		for _, record := range r.Records() {
			if record.Text() == semconv.OperationOpen.Message {
				all = append(all, record)
			}
		}
		return all
	}
	if len(open()) > 0 {
		t.Errorf("sent records of operations that may still end:\n%s", r.Summary())
	}
	w.Close(context.Background(), nil)
	complete(t, config(t, s, r, otlptest.GRPC))
	complete(t, config(t, s, r, otlptest.GRPC))
	if all := open(); len(all) != 1 || all[0].SpanID != "0102030000000000" {
		t.Errorf("sent %d records of operations that never ended:\n%s", len(all), r.Summary())
	}
}

// TestLevel: log records below the level are left out.
func TestLevel(t *testing.T) {
	s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
	cfg := config(t, s, r, otlptest.HTTP)
	cfg.Level = slog.LevelError
	complete(t, cfg)
	if len(r.Records()) > 0 || len(r.Spans()) == 0 {
		t.Errorf("received:\n%s", r.Summary())
	}
}

// TestMetrics: metrics are sent with the times at which they were taken, those of one time in a request.
func TestMetrics(t *testing.T) {
	s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
	var lines strings.Builder
	for i := range 3 {
		at := time.Date(2026, 11, 25, 10, 0, i, 0, time.UTC).UnixNano()
		fmt.Fprintf(&lines, `{"resourceMetrics":[{"resource":{},"scopeMetrics":[{"scope":{"name":"spanpipe"},"metrics":[`+
			`{"name":"calls","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[`+
			`{"timeUnixNano":"%d","asInt":"%d"},{"timeUnixNano":"%[1]d","asInt":"7","attributes":[{"key":"a","value":{"boolValue":true}}]}`+
			`]}}]}]}]}`+"\n", at, i)
	}
	if err := os.WriteFile(filepath.Join(sessions(t, s)[0].Dir, "metrics.jsonl"), []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config(t, s, r, otlptest.HTTP)
	complete(t, cfg)
	if len(r.Points()) > 0 {
		t.Errorf("sent metrics without being asked:\n%s", r.Summary())
	}
	env := r.Endpoint(otlptest.HTTP)
	cfg.Senders = otlp.Senders(otlp.Config{
		Lookup: func(n string) (string, bool) {
			v, ok := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": env, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}[n]
			return v, ok
		},
		Logger: slog.New(slog.DiscardHandler), Broken: func(any) {},
	}, "1")
	report := complete(t, cfg)
	points := r.Points()
	if len(points) != 6 || report.Sessions[0].Signals["metrics"].Sent != 6 || len(r.Requests(otlptest.Metrics)) != 3 {
		t.Fatalf("sent %d points in %d requests: %s", len(points), len(r.Requests(otlptest.Metrics)), describe(report))
	}
	for i, point := range points {
		if want := time.Date(2026, 11, 25, 10, 0, i/2, 0, time.UTC); !point.Time.Equal(want) {
			t.Errorf("point %d is of %v, want %v", i, point.Time, want)
		}
	}
	for _, one := range cfg.Senders {
		one.Close()
	}
}

// TestContent: captured content is sent only if it is asked for. What was sent without it is reported, and --again sends it with it.
func TestContent(t *testing.T) {
	const secret = "a captured argument"
	s, r := fill(t, 5), otlptest.Start(t, otlptest.Config{})
	one := sessions(t, s)[0]
	span := stored(t, &one, "traces")[3]
	content := fmt.Sprintf(`{"timeUnixNano":"1790000000000000000","spans":[{"traceId":%q,"spanId":%q,"attributes":[`+
		`{"key":"gen_ai.tool.call.arguments","value":{"stringValue":%q}}],"status":{"message":"captured error","code":2}}],`+
		`"logRecords":[{"timeUnixNano":"1790000000000000001","severityNumber":9,"body":{"stringValue":"server stderr"},`+
		`"attributes":[{"key":"data","value":{"stringValue":%q}}]}]}`+"\n", span["traceId"], span["spanId"], secret, secret)
	if err := os.WriteFile(filepath.Join(one.Dir, "content.jsonl"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	complete(t, config(t, s, r, otlptest.HTTP))
	if r.Contains([]byte("captured")) {
		t.Fatalf("sent content without being asked:\n%s", r.Summary())
	}
	bare := len(r.Records())
	cfg := config(t, s, r, otlptest.HTTP)
	cfg.Content = true
	if report := complete(t, cfg); !report.Sessions[0].WithoutContent || len(r.Records()) != bare+1 {
		t.Errorf("received %d records, then %d: %s", bare, len(r.Records()), describe(report))
	}
	line := r.Records()[bare]
	if line.Text() != "server stderr" || line.Attrs.String("data") != secret || line.Service() == "" || line.Scope == "" {
		t.Errorf("the server's line arrives as %+v", line)
	}
	if report := complete(t, cfg); len(r.Records()) != bare+1 {
		t.Errorf("sent again: %s", describe(report))
	}
	cfg.Again = true
	if report := complete(t, cfg); report.Sessions[0].WithoutContent {
		t.Errorf("told again: %s", describe(report))
	}
	spans := r.Spans()
	i := slices.IndexFunc(spans, func(s otlptest.Span) bool { return s.Attrs.String("gen_ai.tool.call.arguments") == secret })
	if i < 0 || spans[i].SpanID != span["spanId"] || spans[i].StatusText != "captured error" {
		t.Errorf("received:\n%s", r.Summary())
	}
}

// TestContentExpires: lines of the server that were captured after others have expired, whose place in the file they may have, are
// sent all the same.
func TestContentExpires(t *testing.T) {
	s, r := fill(t, 1), otlptest.Start(t, otlptest.Config{})
	path := filepath.Join(sessions(t, s)[0].Dir, "content.jsonl")
	line := func(said string) string {
		return `{"timeUnixNano":"1790000000000000000","logRecords":[{"timeUnixNano":"1790000000000000001","severityNumber":9,` +
			`"body":{"stringValue":"server stderr"},"attributes":[{"key":"data","value":{"stringValue":"` + said + `"}}]}]}` + "\n"
	}
	cfg := config(t, s, r, otlptest.HTTP)
	cfg.Content = true
	for _, text := range []string{line("first") + line("second"), line("second") + line("third, which is longer")} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		complete(t, cfg)
	}
	for _, said := range []string{"first", "second", "third, which is longer"} {
		if !slices.ContainsFunc(r.Records(), func(r otlptest.Record) bool { return r.Attrs.String("data") == said }) {
			t.Errorf("%q was not sent", said)
		}
	}
}
