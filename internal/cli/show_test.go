package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/spanpipe/spanpipe/internal/cli"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// keeper stores a session through the code that stores a wrapped one.
type keeper struct {
	sink  *otel.Sink
	store *store.Writer
	now   time.Time
	count uint64
}

// keep starts a session of a server.
func keep(dir, server, run string, start time.Time) *keeper {
	about := record.Session{
		ID: fmt.Sprintf("00000000-0000-4000-8000-%012x", start.Unix()), Launched: start, Started: start.Add(20 * time.Millisecond), PID: 4000,
	}
	res := resource.NewSchemaless(attribute.String("service.name", server))
	w := store.Create(store.Config{
		Dir: dir, Logger: slog.New(slog.DiscardHandler),
		Meta:   store.Meta{ID: about.ID, Version: "1.0.0", Launched: start, Service: server, Run: run},
		Origin: &otlpfile.Origin{Resource: res.Attributes(), ScopeName: otel.Scope, ScopeVersion: "1.0.0"},
	})
	k := &keeper{store: w, now: start, sink: otel.New(otel.Config{Version: "1.0.0", Resource: res, Session: about, Recorder: w})}
	k.noted(about)
	k.call(semconv.Initialize, "", 212*time.Millisecond, nil)
	about.Time, about.Protocol, about.Ready = k.now, "2025-11-25", true
	about.Client = record.Peer{Name: "claude-code", Version: "2.1.240"}
	about.Server = record.Peer{Name: server, Version: "0.3.0-dev"}
	k.noted(about)
	return k
}

func (k *keeper) noted(n record.Note) {
	k.sink.Noted(n)
	k.store.Noted(n)
}

// call stores a call that begins now, and moves on to its end.
func (k *keeper) call(method, target string, took time.Duration, change func(*record.Operation)) *record.Operation {
	k.count++
	op := &record.Operation{
		Change: record.Opened, Number: k.count, Direction: record.ToServer, Method: method, Target: target, RequestID: fmt.Sprint(k.count),
		Start: k.now, RequestSize: 180, RoundTrips: 1, Protocol: "2025-11-25",
	}
	opened := *op
	k.sink.Opened(&opened)
	k.store.Opened(&opened)
	k.now = k.now.Add(took)
	op.Change, op.End, op.Duration, op.Answered, op.ResponseSize = record.Ended, k.now, took, true, 1200
	op.Wait = took / 4 * 3
	op.Transfer = took - op.Wait
	op.FirstByte = op.Start.Add(op.Wait)
	if change != nil {
		change(op)
	}
	k.sink.Changed(op)
	k.store.Changed(op)
	return op
}

// end ends the session; nil is a kill.
func (k *keeper) end(exit *record.Exit) {
	if exit != nil {
		exit.Time = k.now.Add(time.Second)
		exit.Lifetime = 30 * time.Minute
		k.noted(*exit)
	}
	k.store.Close(context.Background(), nil)
}

// june is when the stored sessions of these tests began.
var june = time.Date(2026, 6, 12, 14, 2, 14, 0, time.UTC)

// keepTickets stores a session in which much goes wrong.
func keepTickets(dir, run string) {
	k := keep(dir, "tickets", run, june)
	k.noted(record.Notification{Time: k.now, Direction: record.ToServer, Method: semconv.Initialized, Size: 54})
	k.call(semconv.ToolsList, "", 4*time.Millisecond, func(op *record.Operation) {
		op.ToolCount, op.DefinitionSize = 2, 2800
		op.Definitions = []record.Definition{
			{Kind: record.ToolDefinition, Name: "list_tickets", Size: 1800, Tokens: 400, Description: 900}, {Kind: record.ToolDefinition, Name: "sync_board", Size: 1000, Tokens: 220, Description: 300},
		}
	})
	k.now = k.now.Add(6 * time.Minute)
	k.call(semconv.ToolsCall, "list_tickets", 488*time.Millisecond, func(op *record.Operation) {
		op.Content = record.Content{Arguments: `{"board":"ops","limit":3}`, Result: `{"content":[]}`}
		op.Progress, op.Events = 1, []record.Event{{Name: semconv.ProgressEvent, Time: op.Start.Add(100 * time.Millisecond)}}
	})
	k.call(semconv.ToolsCall, "assign_ticket", 4*time.Millisecond, func(op *record.Operation) {
		op.Code, op.Class = "-32602", record.InvalidParams
	})
	k.call(semconv.ToolsCall, "search", 204*time.Millisecond, func(op *record.Operation) {
		op.ErrorType, op.Class = semconv.ErrTool, record.RateLimited
	})
	synced := k.call(semconv.ToolsCall, "sync_board", time.Minute, func(op *record.Operation) {
		op.Answered, op.ResponseSize, op.Wait, op.Transfer, op.FirstByte = false, 0, 0, 0, time.Time{}
		op.ErrorType, op.Class, op.Hung = semconv.ErrTimeout, record.Timeout, true
	})
	k.now = k.now.Add(3400 * time.Millisecond)
	k.noted(record.Violation{Time: k.now, Direction: record.ToClient, Kind: record.LateResponse, Sent: synced.RequestID, Size: 1600, Late: 3400 * time.Millisecond})
	k.noted(record.Violation{Time: k.now, Direction: record.ToClient, Kind: record.Noise, Size: 34})
	k.end(&record.Exit{EndedBy: record.ByServer, Cause: record.ServerEnded, Code: 1})
}

// spanpipe runs a command with the store of a directory and returns what it prints.
func spanpipe(t *testing.T, dir string, variables []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	files := make([]*os.File, 2)
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "out")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	code = cli.Main(cli.Process{
		Args: append([]string{"spanpipe"}, args...),
		Environ: append([]string{"SPANPIPE_DIR=" + dir, "HOME=" + dir, "LANG=C.UTF-8",
			"SPANPIPE_KEEP=forever", "SPANPIPE_KEEP_CONTENT=3650d"}, variables...),
		Stdout: files[0], Stderr: files[1],
	})
	var texts [2]string
	for i, f := range files {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return texts[0], texts[1], code
}

// spanIDs are the ids of traces and spans, which differ from one run of a test to the next.
var spanIDs = regexp.MustCompile(`\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b`)

// TestShow prints a stored session in every form.
func TestShow(t *testing.T) {
	dir := t.TempDir()
	keepTickets(dir, "run-1")
	k := keep(dir, "github", "run-1", june.Add(time.Second))
	k.call(semconv.ToolsCall, "search_code", 1310*time.Millisecond, nil)
	k.end(&record.Exit{EndedBy: record.ByClient, Cause: record.ClientLeft})
	k = keep(dir, "other", "run-2", june.Add(time.Hour))
	k.end(nil)
	for _, test := range []struct{ file, args string }{
		{"show.txt", ""},
		{"show-failed.txt", "--failed"},
		{"show-since.txt", "--since 2026-06-12T14:08:15"},
		{"show-last.txt", "-n 1"},
		{"show-operation.txt", "--operation 3"},
		{"show-late.txt", "--operation 6"},
		{"show-run.txt", "--run"},
		{"show.json", "--json"},
		{"show-failed.json", "--failed --json"},
		{"show-operation.json", "--operation 3 --json"},
		{"show-run.json", "--run --json"},
	} {
		t.Run(test.file, func(t *testing.T) {
			args := append([]string{"show", "20260612T140214Z", "--utc"}, strings.Fields(test.args)...)
			stdout, stderr, code := spanpipe(t, dir, nil, args...)
			if code != 0 || stderr != "" {
				t.Errorf("exit code %d, stderr %s", code, stderr)
			}
			golden(t, test.file, spanIDs.ReplaceAllStringFunc(stdout, func(id string) string { return strings.Repeat("0", len(id)) }))
			if strings.HasSuffix(test.file, ".json") && !json.Valid([]byte(stdout)) {
				t.Error("that is not JSON")
			}
			if strings.Contains(stdout, "\x1b") {
				t.Error("there are colors in a file")
			}
		})
	}
	t.Run("killed", func(t *testing.T) {
		stdout, _, _ := spanpipe(t, dir, nil, "show") // the newest
		for _, want := range []string{"other 0.3.0-dev, killed after ", ": no calls\n", "╴  killed", "spanpipe was killed, so that nothing says how"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("no %q in:\n%s", want, stdout)
			}
		}
	})
	t.Run("without UTF-8", func(t *testing.T) {
		stdout, _, _ := spanpipe(t, dir, []string{"LC_ALL=C"}, "show", "20260612T140214Z")
		if i := strings.IndexFunc(stdout, func(r rune) bool { return r > 0x7e }); i >= 0 {
			t.Errorf("%q is not ASCII", stdout[i:])
		}
	})
}

// TestShowOTLP: --otlp prints what is stored, as it is, and what other programs read as OTLP.
func TestShowOTLP(t *testing.T) {
	dir := t.TempDir()
	keepTickets(dir, "")
	var want string
	for _, name := range []string{"traces.jsonl", "logs.jsonl", "metrics.jsonl"} {
		files, err := filepath.Glob(filepath.Join(dir, "sessions", "*", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			want += string(text)
			appendTo(t, f, `{"resourceSpans":[{"torn`)
		}
	}
	stdout, stderr, code := spanpipe(t, dir, nil, "show", "last", "--otlp")
	if stdout != want || code != 0 || stderr != "" || !strings.Contains(want, "resourceSpans") || !strings.Contains(want, "resourceLogs") {
		t.Errorf("exit code %d, stderr %s, %d bytes printed that are not the %d stored ones", code, stderr, len(stdout), len(want))
	}
}

func appendTo(t *testing.T, file, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestShowDamaged: what cannot be read is counted, and the rest is shown.
func TestShowDamaged(t *testing.T) {
	dir := t.TempDir()
	keepTickets(dir, "")
	files, _ := filepath.Glob(filepath.Join(dir, "sessions", "*", "traces.jsonl"))
	appendTo(t, files[0], "no JSON\n{\"resourceSpans\":7}\n")
	stdout, stderr, code := spanpipe(t, dir, nil, "show", "--otlp")
	if code != 0 || !strings.HasPrefix(stderr, "spanpipe: warning: session 2026") || strings.Contains(stdout, "no JSON") ||
		!strings.HasSuffix(stderr, ": left out 2 lines that could not be read\n") || !strings.Contains(stdout, "sync_board") {
		t.Errorf("--otlp: exit code %d, stderr %s, printed:\n%s", code, stderr, stdout)
	}
	stdout, stderr, code = spanpipe(t, dir, nil, "show")
	if code != 0 || !strings.Contains(stderr, "spanpipe: warning: 2 damaged lines of session 2026") || !strings.Contains(stdout, "sync_board") {
		t.Errorf("exit code %d, stderr %s, printed:\n%s", code, stderr, stdout)
	}
}

// TestShowExtremeTimes: no time that a file may have keeps the rest from being shown.
func TestShowExtremeTimes(t *testing.T) {
	dir := t.TempDir()
	keepTickets(dir, "")
	files, _ := filepath.Glob(filepath.Join(dir, "sessions", "*", "traces.jsonl"))
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(filepath.Dir(files[0]), "digest")); err != nil { // report reads the spans then
		t.Fatal(err)
	}
	for _, name := range []string{"startTimeUnixNano", "endTimeUnixNano"} {
		for _, at := range []string{"0", "-1", "18446744073709551615", "9223372036854775807", "-9223372036854775808"} {
			changed := regexp.MustCompile(`"`+name+`":"\d+"`).ReplaceAllString(string(text), `"`+name+`":"`+at+`"`)
			if err := os.WriteFile(files[0], []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range []string{"show --all", "show --json", "show --run", "report --since 2026-01-01", "export --format html last"} {
				stdout, stderr, code := spanpipe(t, dir, nil, strings.Fields(args)...)
				if code == 2 && strings.Contains(stderr, "spanpipe: no tool calls") {
					continue // all are outside of the time that report is about
				}
				if code != 0 || stdout == "" || len(stdout) > 1<<20 || strings.Contains(stderr, "panic") {
					t.Errorf("%s = %s, %s: exit code %d, %d bytes, stderr %s", name, at, args, code, len(stdout), stderr)
				}
			}
		}
	}
}

// TestShowMany: a long session is shown in a few dozen lines, which say what is left out.
func TestShowMany(t *testing.T) {
	dir := t.TempDir()
	if _, err := storetest.Make(dir, storetest.Session{
		Server: storetest.Servers()[0], Client: record.Peer{Name: "claude-code"}, Start: june, Calls: 6000, Every: time.Second, Seed: 7,
	}); err != nil {
		t.Fatal(err)
	}
	stdout, _, code := spanpipe(t, dir, nil, "show")
	lines := strings.Count(stdout, "\n")
	if code != 0 || lines > 3*40 || !strings.Contains(stdout, " rows left out\n") ||
		!regexp.MustCompile(`5,9\d\d of 6,0\d\d rows are left out[^.]*\. More: -n 200, --failed, or --all\nThe first 1,00\d have not been looked at\.\n`).MatchString(stdout) {
		t.Errorf("%d lines:\n%s", lines, stdout)
	}
	stdout, _, _ = spanpipe(t, dir, nil, "show", "--all")
	if lines := strings.Count(stdout, "\n"); lines < 6000 || strings.Contains(stdout, "left out") {
		t.Errorf("all are shown in %d lines", lines)
	}
}

// TestShowErrors: each error says what to do next.
func TestShowErrors(t *testing.T) {
	dir := t.TempDir()
	keepTickets(dir, "")
	keep(dir, "other", "", june.Add(time.Hour)).end(nil)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, dir, args, want string }{
		{"a file", file, "", "file is not a directory\nspanpipe: hint: SPANPIPE_DIR names"},
		{"nothing stored", t.TempDir(), "", "no sessions are stored in"},
		{"no such session", dir, "99", "there is no session 99"},
		{"ambiguous", dir, "202606", `"202606" begins the names of 2 sessions`},
		{"no such operation", dir, "20260612T140214Z --operation 900", "has no operation 900; its last is"},
		{"two sessions", dir, "1 2", "show takes one session"},
		{"rows", dir, "1 -n 0", "-n 0: want a number of rows from 1"},
		{"time", dir, "--since yesterdy", "--since yesterdy: want a duration"},
		{"an unknown flag behind", dir, "last --nope", "unknown flag --nope"},
		{"two forms", dir, "last --otlp --run", "--run and --otlp exclude each other"},
		{"a flag without its value", dir, "last --operation", "flag needs an argument: --operation"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := spanpipe(t, test.dir, nil, append([]string{"show"}, strings.Fields(test.args)...)...)
			if code != 2 || !strings.Contains(stderr, test.want) || stdout != "" {
				t.Errorf("exit code %d, stderr %s, stdout %s", code, stderr, stdout)
			}
		})
	}
}

// TestShowLive: a session that runs has an open end, and so has a call that is not answered.
func TestShowLive(t *testing.T) {
	dir := t.TempDir()
	k := keep(dir, "live", "", time.Now().Add(-time.Minute))
	open := record.Operation{
		Change: record.Opened, Number: 2, Direction: record.ToServer, Method: semconv.ToolsCall, Target: "wait", RequestID: "2",
		Start: k.now, RequestSize: 180, RoundTrips: 1,
	}
	k.sink.Opened(&open)
	k.store.Opened(&open)
	still := open
	still.Change = record.StillOpen
	k.sink.Changed(&still)
	k.store.Changed(&still)
	k.store.Flush(context.Background())
	stdout, stderr, code := spanpipe(t, dir, nil, "show")
	for _, want := range []string{"live 0.3.0-dev, live for ", "▶  live\n", "→ wait ", "▶  open\n"} {
		if !strings.Contains(stdout, want) || code != 0 {
			t.Errorf("exit code %d, stderr %s, no %q in:\n%s", code, stderr, want, stdout)
		}
	}
	k.end(&record.Exit{EndedBy: record.ByClient, Cause: record.ClientLeft})
	if stdout, _, _ := spanpipe(t, dir, nil, "show"); !strings.Contains(stdout, ", closed after ") {
		t.Errorf("when it has ended:\n%s", stdout)
	}
}

// TestShowNothing: where the flags leave nothing, that is said instead of an empty tree.
func TestShowNothing(t *testing.T) {
	dir := t.TempDir()
	k := keep(dir, "calm", "", june)
	k.call(semconv.ToolsCall, "echo", time.Second, nil)
	k.end(&record.Exit{EndedBy: record.ByClient, Cause: record.ClientLeft})
	for args, want := range map[string]string{
		"--failed":                    "Nothing has failed in it. All of its ",
		"--since 2026-11-26":          "Nothing has happened in it since ",
		"--failed --since 2026-11-26": "Nothing has failed in it since ",
	} {
		stdout, stderr, code := spanpipe(t, dir, nil, append([]string{"show"}, strings.Fields(args)...)...)
		if code != 0 || !strings.Contains(stdout, want) || strings.Contains(stdout, "left out") {
			t.Errorf("%s: exit code %d, stderr %s, stdout %s", args, code, stderr, stdout)
		}
	}
}

// TestShowLines: of what the server has logged, if that is captured, the last lines are shown, and with --all all of them.
func TestShowLines(t *testing.T) {
	dir := t.TempDir()
	k := keep(dir, "noisy", "", june)
	for i := range 15 {
		k.noted(record.LogLine{Time: k.now, Source: record.FromStderr, Text: fmt.Sprintf("line %d \x1b[2J\u202e", i)})
	}
	k.end(&record.Exit{EndedBy: record.ByClient, Cause: record.ClientLeft})
	for args, want := range map[string]int{"show": 10, "show --all": 15} {
		stdout, stderr, code := spanpipe(t, dir, nil, strings.Fields(args)...)
		if code != 0 || stderr != "" || strings.Count(stdout, " line ") != want || !strings.Contains(stdout, ` line 14 \u001b[2J\u202e`+"\n") ||
			!strings.Contains(stdout, fmt.Sprintf("What the server has logged, %d of 15 lines:", want)) {
			t.Errorf("%s: exit code %d, stderr %s, printed:\n%s", args, code, stderr, stdout)
		}
	}
}
