package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// spanpipe runs a command in a home and returns what it has printed and its exit code.
func (h home) spanpipe(t testing.TB, variables []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(binary(t), args...)
	h.in(variables...)(cmd)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), problems.String(), cmd.ProcessState.ExitCode()
}

// everything captures all content.
const everything = "SPANPIPE_CAPTURE=errors,arguments,results,prompts,uris,messages,stderr"

// TestPushAsSent: a session that was sent while it ran, and is pushed later, arrives twice alike: the same spans and log
// records, but for records that repeat a span, which are not stored, and for content that is not asked for.
func TestPushAsSent(t *testing.T) {
	for _, p := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
		t.Run(string(p), func(t *testing.T) {
			sent, pushed, h := otlptest.Start(t, otlptest.Config{}), otlptest.Start(t, otlptest.Config{}), newHome(t)
			if _, stderr, code := h.spanpipe(t, append(sent.Env(p), everything, "SPANPIPE_TELEMETRY=local,otlp"), "demo"); code != 0 {
				t.Fatalf("the demo exits with %d: %s", code, stderr)
			}
			if _, stderr, code := h.spanpipe(t, pushed.Env(p), "push"); code != 0 || stderr != "" {
				t.Fatalf("the push exits with %d: %s", code, stderr)
			}
			sameSpans(t, spanTexts(sent, false), spanTexts(pushed, false))
			for _, span := range pushed.Spans() {
				for key := range span.Attrs {
					if isCaptured(key) {
						t.Errorf("%s has %s without being asked for it", span.Name, key)
					}
				}
			}
			if _, stderr, code := h.spanpipe(t, pushed.Env(p), "push", "--content", "last"); code != 0 ||
				!strings.Contains(stderr, "without its content") || !strings.Contains(stderr, "push --again --content") {
				t.Errorf("exits with %d: %s", code, stderr)
			}
			again := otlptest.Start(t, otlptest.Config{})
			if _, stderr, code := h.spanpipe(t, again.Env(p), "push", "--content", "last"); code != 0 || stderr != "" {
				t.Fatalf("the push exits with %d: %s", code, stderr)
			}
			sameSpans(t, spanTexts(sent, true), spanTexts(again, true))
			if a, b := recordTexts(sent), recordTexts(again); len(a) == 0 || !slices.Equal(a, b) {
				t.Errorf("log records, sent and pushed:\n%s\n\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
			}
		})
	}
}

// sameSpans compares spans by their ids.
func sameSpans(t *testing.T, sent, pushed map[string]string) {
	t.Helper()
	if len(sent) == 0 || len(pushed) != len(sent) {
		t.Errorf("%d spans were sent, and %d pushed", len(sent), len(pushed))
	}
	for id, want := range sent {
		if got := pushed[id]; got != want {
			t.Errorf("the span that was sent as\n%s\nwas pushed as\n%s", want, got)
		}
	}
}

func isCaptured(key string) bool {
	return strings.HasPrefix(key, semconv.PromptVariable) ||
		slices.ContainsFunc(semconv.ContentAttributes(), func(a semconv.Attribute) bool { return a.Key == key })
}

// spanTexts returns all of each span, by its id.
func spanTexts(r *otlptest.Receiver, content bool) map[string]string {
	all := map[string]string{}
	for _, span := range r.Spans() {
		if !content {
			span.Attrs = maps.Clone(span.Attrs)
			maps.DeleteFunc(span.Attrs, func(key string, _ any) bool { return isCaptured(key) })
			if span.Attrs.String(semconv.MethodName) != "" {
				span.StatusText = ""
			}
		}
		text, _ := json.Marshal(span) // has no values that JSON lacks
		all[span.SpanID] = string(text)
	}
	return all
}

// recordTexts returns the log records that do not repeat a span.
func recordTexts(r *otlptest.Receiver) []string {
	var all []string
	for _, one := range r.Records() {
		if one.Text() == semconv.OperationStarted.Message || one.Text() == semconv.OperationFinished.Message {
			continue
		}
		one.Observed = time.Time{}
		text, _ := json.Marshal(one)
		all = append(all, string(text))
	}
	slices.Sort(all)
	return all
}

// TestPushKilled: pushes are killed at any moment until one ends. Every span and log record has arrived then; a kill has at
// most one request of each signal sent again.
func TestPushKilled(t *testing.T) {
	const batch = 25
	r, h := otlptest.Start(t, otlptest.Config{}), newHome(t)
	dir := filepath.Join(h.root, "home", ".local", "state", "spanpipe")
	want := 0
	for i := range 3 {
		if _, err := storetest.Make(dir, storetest.Session{
			Server: storetest.Servers()[i], Client: record.Peer{Name: "test"}, Start: time.Now().Add(-time.Hour), Every: time.Second,
			Calls: 200, Seed: uint64(i + 1),
		}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := store.Open(dir).Sessions()
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	for _, one := range all {
		text, err := os.ReadFile(filepath.Join(one.Dir, "traces.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		want += strings.Count(string(text), `"spanId":"`)
	}
	r.SetFault(otlptest.Slow(time.Millisecond))
	env := append(r.Env(otlptest.HTTP), "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=25", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE=25")
	random := rand.New(rand.NewPCG(1, 1))
	kills := 0
	for {
		cmd := exec.Command(binary(t), "push")
		h.in(env...)(cmd)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		next, over := len(r.Requests())+1+random.IntN(4), false
		for !over && len(r.Requests()) < next {
			select {
			case err := <-ended:
				if over = true; err != nil {
					t.Fatal(err)
				}
			case <-time.After(time.Millisecond):
			}
		}
		if over {
			break
		}
		_ = cmd.Process.Kill()
		<-ended
		kills++
	}
	spans := map[string]int{}
	for _, span := range r.Spans() {
		spans[span.SpanID]++
	}
	if len(spans) != want {
		t.Errorf("%d spans have arrived, of %d", len(spans), want)
	}
	if n := len(r.Spans()) - len(spans); kills == 0 || n > kills*batch {
		t.Errorf("%d spans have arrived again after %d kills", n, kills)
	}
}

// TestPushForbidden: what forbids every connection forbids a push, and nothing is sent.
func TestPushForbidden(t *testing.T) {
	r, h := otlptest.Start(t, otlptest.Config{}), newHome(t)
	if _, stderr, code := h.spanpipe(t, []string{"SPANPIPE_TELEMETRY=local"}, "demo"); code != 0 {
		t.Fatal(stderr)
	}
	for _, test := range []struct {
		variable string
		args     []string
		reason   string
	}{
		{"DO_NOT_TRACK=1", nil, "DO_NOT_TRACK is set"},
		{"OTEL_SDK_DISABLED=true", nil, "OTEL_SDK_DISABLED is true"},
		{"SPANPIPE_OTEL_SDK_DISABLED=true", nil, "OTEL_SDK_DISABLED is true"},
		{"SPANPIPE_TELEMETRY=off", nil, "SPANPIPE_TELEMETRY is off"},
		{"SPANPIPE_TELEMETRY=otlp", []string{"--telemetry", "off"}, "--telemetry is off"},
	} {
		env := append(r.Env(otlptest.GRPC), test.variable)
		stdout, stderr, code := h.spanpipe(t, env, append([]string{"push"}, test.args...)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "nothing is sent: "+test.reason) {
			t.Errorf("%s: exits with %d: %s%s", test.variable, code, stdout, stderr)
		}
		if _, stderr, code := h.spanpipe(t, env, append([]string{"push", "--dry-run"}, test.args...)...); code != 0 {
			t.Errorf("%s: --dry-run exits with %d: %s", test.variable, code, stderr)
		}
	}
	if len(r.Requests()) > 0 {
		t.Errorf("received:\n%s", r.Summary())
	}
	for _, variable := range []string{"SPANPIPE_TELEMETRY=", "SPANPIPE_TELEMETRY=local", "SPANPIPE_TELEMETRY=console"} {
		if _, stderr, code := h.spanpipe(t, append(r.Env(otlptest.GRPC), variable), "push", "--again"); code != 0 {
			t.Errorf("%s: exits with %d: %s", variable, code, stderr)
		}
	}
}

// sessionName is what differs from one run to the next.
var sessionName = regexp.MustCompile(`\d{8}T\d{6}Z-[0-9a-f]{6}`)

// TestPushOutput: what a push prints, for people and for programs.
func TestPushOutput(t *testing.T) {
	h := newHome(t)
	if _, stderr, code := h.spanpipe(t, []string{"SPANPIPE_TELEMETRY=local"}, "demo"); code != 0 {
		t.Fatal(stderr)
	}
	refused := []string{"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT=http://" + otlptest.RefusedAddr(t)}
	stdout, stderr, code := h.spanpipe(t, refused, "push")
	if code != 1 || !strings.Contains(stdout, "Nothing was sent.") || strings.Contains(stdout, "default") ||
		strings.Count(stderr, "connection refused") != 1 || !strings.Contains(stderr, "hint: start the collector") {
		t.Errorf("without a collector: exits with %d:\n%s%s", code, stdout, stderr)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"push", "--dry-run"}, `This would send traces and logs to http://localhost:4317 (grpc), the default:
no OTEL_EXPORTER_OTLP_ENDPOINT is set.
   SESSION  demo-server: 14 spans, 3 log records
Together 14 spans and 3 log records of 1 session.
`},
	} {
		stdout, stderr, code := h.spanpipe(t, nil, test.args...)
		if got := sessionName.ReplaceAllString(stdout, "SESSION"); got != test.want || code != 0 || stderr != "" {
			t.Errorf("%v exits with %d: %s\n%s", test.args, code, stderr, got)
		}
	}
	for args, want := range map[string]string{
		"push --since 1h last": "--since chooses sessions", "push --since soon": "want a duration", "push nope": `there is no session "nope"`,
		"push --server none*": "no session in the last 7 days has server none*", "push --server demo-server --client demo-agent --dry-run": "",
	} {
		_, stderr, code := h.spanpipe(t, nil, strings.Fields(args)...)
		if wantCode := map[bool]int{true: 0, false: 2}[want == ""]; code != wantCode || !strings.Contains(stderr, want) {
			t.Errorf("%s: exits with %d: %s", args, code, stderr)
		}
	}
	if _, stderr, code := newHome(t).spanpipe(t, nil, "push"); code != 2 || !strings.Contains(stderr, "no sessions are stored") {
		t.Errorf("with an empty store: exits with %d: %s", code, stderr)
	}
}

// TestPushPartly: of a session of which a part has arrived, and the rest is refused, a push does not say that all is there.
func TestPushPartly(t *testing.T) {
	r, h := otlptest.Start(t, otlptest.Config{}), newHome(t)
	if _, stderr, code := h.spanpipe(t, []string{"SPANPIPE_TELEMETRY=local"}, "demo"); code != 0 {
		t.Fatal(stderr)
	}
	r.SetFault(otlptest.Fail(codes.Unauthenticated, 401), otlptest.Logs)
	for _, want := range []string{"Sent 14 spans of 1 session.\n", "\nNothing was sent.\n"} {
		stdout, stderr, code := h.spanpipe(t, r.Env(otlptest.HTTP), "push")
		if code != 1 || !strings.HasSuffix(stdout, want) || !strings.Contains(stderr, "not everything is delivered: ") {
			t.Errorf("exits with %d: %s%s", code, stdout, stderr)
		}
	}
	r.SetFault(otlptest.Accept())
	for _, want := range []string{"Sent 3 log records of 1 session.\n", "Of 1 session everything is there already"} {
		if stdout, stderr, code := h.spanpipe(t, r.Env(otlptest.HTTP), "push"); code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exits with %d: %s%s", code, stdout, stderr)
		}
	}
}

// TestPeersJaegerPush: a stored session gets into a real Jaeger by a push. Jaeger takes spans alone, which is no failure.
func TestPeersJaegerPush(t *testing.T) {
	newPeers(t)
	endpoint, query := startJaeger(t)
	h := newHome(t)
	if _, stderr, code := h.spanpipe(t, []string{"SPANPIPE_TELEMETRY=local"}, "demo"); code != 0 {
		t.Fatal(stderr)
	}
	env := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + endpoint}
	stdout, stderr, code := h.spanpipe(t, env, "push")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "Logs are not sent: the backend at http://"+endpoint+" does not support them.") {
		t.Fatalf("exits with %d: %s\n%s", code, stderr, stdout)
	}
	stored, _, _ := h.spanpipe(t, nil, "export", "--format", "jsonl")
	want := map[string]string{} // names by span id
	for line := range strings.Lines(stored) {
		var op struct {
			Record, Method, Target string
			SpanID                 string `json:"span_id"`
		}
		if err := json.Unmarshal([]byte(line), &op); err != nil {
			t.Fatal(err)
		}
		if op.Record == "operation" {
			want[op.SpanID] = strings.TrimSpace(op.Method + " " + op.Target)
		}
	}
	var trace jaegerTrace
	waitFor(t, "the session's spans in Jaeger", func() bool {
		trace = findTrace(t, query, "demo-server")
		return len(trace.operations()) >= len(want)
	})
	got := map[string]string{}
	for _, span := range trace.operations() {
		got[span.SpanID] = span.OperationName
	}
	if !reflect.DeepEqual(got, want) || len(want) < 10 {
		t.Errorf("Jaeger has %v, stored are %v", got, want)
	}
	if _, ok := trace.root(); !ok {
		t.Errorf("the trace does not have exactly one root: %+v", trace.Spans)
	}
	if stdout, _, code := h.spanpipe(t, env, "push"); code != 0 || !strings.Contains(stdout, "is there already") {
		t.Errorf("the second push exits with %d: %s", code, stdout)
	}
}

// TestExport: a file is made for its owner alone, and none is replaced without being asked to.
func TestExport(t *testing.T) {
	h := newHome(t)
	if _, stderr, code := h.spanpipe(t, []string{"SPANPIPE_TELEMETRY=local", everything}, "demo"); code != 0 {
		t.Fatal(stderr)
	}
	for _, file := range []string{"a.html", "a.json", "a.jsonl"} {
		path := filepath.Join(h.root, "cwd", file)
		stdout, stderr, code := h.spanpipe(t, nil, "export", "-o", file, "last")
		info, err := os.Stat(path)
		if code != 0 || stdout+stderr != "" || err != nil || info.Size() < 5000 {
			t.Fatalf("%s: exits with %d, %v: %s%s", file, code, err, stdout, stderr)
		}
		if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %v", file, info.Mode())
		}
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := h.spanpipe(t, nil, "export", "-o", file); code != 2 || !strings.Contains(stderr, "--force") {
			t.Errorf("%s: exits with %d: %s", file, code, stderr)
		}
		if text, _ := os.ReadFile(path); string(text) != "mine" {
			t.Errorf("%s was replaced", file)
		}
		if _, stderr, code := h.spanpipe(t, nil, "export", "-o", file, "--force"); code != 0 {
			t.Errorf("%s: exits with %d: %s", file, code, stderr)
		}
		if text, _ := os.ReadFile(path); len(text) < 5000 {
			t.Errorf("%s was not replaced", file)
		}
	}
	left, err := os.ReadDir(filepath.Join(h.root, "cwd"))
	if err != nil || len(left) != 3 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	for args, want := range map[string]string{
		"export": "no format", "export --format pdf": "want html, otlp or jsonl", "export --format otlp a b": "takes one session",
		"export --format otlp nope": "there is no session",
	} {
		if _, stderr, code := h.spanpipe(t, nil, strings.Fields(args)...); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exits with %d: %s", args, code, stderr)
		}
	}
	if stdout, stderr, code := h.spanpipe(t, nil, "export", "-o", "-", "--format", "jsonl"); code != 0 || len(stdout) < 5000 {
		t.Errorf("to stdout: exits with %d: %s%s", code, stdout, stderr)
	}
	if _, stderr, code := h.spanpipe(t, nil, "export", "-o", "none/a.html"); code != 125 || !strings.HasPrefix(stderr, "spanpipe: writing none/a.html: ") {
		t.Errorf("without the directory: exits with %d: %s", code, stderr)
	}
	for _, format := range []string{"html", "otlp", "jsonl"} {
		for _, content := range []bool{false, true} {
			args := []string{"export", "--format", format}
			if content {
				args = append(args, "--content")
			}
			stdout, stderr, code := h.spanpipe(t, nil, args...)
			if has := strings.Contains(stdout, "Porto"); code != 0 || stderr != "" || has != content {
				t.Errorf("%v exits with %d: %s; has content: %v", args, code, stderr, has)
			}
		}
	}
}
