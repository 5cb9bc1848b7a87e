package export_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/spanpipe/spanpipe/internal/export"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// hostile are names that try to leave the place where they stand, or to reorder it.
var hostile = []string{
	`</style><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'-alert(1)-'`, "a\u202eb\u2066c", "\x1b[31mred\x00",
	`{{.Server}}`, `javascript:alert(1)`, "\xff\xfe", `<!--`, "\u2028]]>", strings.Repeat("long", 5000),
}

// made stores a session and returns it with its records.
func made(t *testing.T, what storetest.Session) (*store.Session, *store.Records) {
	t.Helper()
	dir := t.TempDir()
	what.Start, what.Every = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC), time.Second
	if _, err := storetest.Make(dir, what); err != nil {
		t.Fatal(err)
	}
	all, err := store.Open(dir).Sessions()
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	r, err := all[0].Load()
	if err != nil {
		t.Fatal(err)
	}
	return &all[0], r
}

// viewed returns the records as package view takes them.
func viewed(s *store.Session, r *store.Records) *view.Records {
	return &view.Records{
		Session: r.Session, Operations: r.Operations, Notes: r.Notes, Exit: r.Exit, State: view.State(s.State), Last: s.Ended,
	}
}

func page(t *testing.T, s *store.Session, r *store.Records, content bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := export.Page(&out, s, r, viewed(s, r), export.Options{Content: content, Version: "1.0.0", Zone: time.UTC}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// elements returns the page's elements. They are those of a page without hostile names: nothing opens another one.
func elements(t *testing.T, text string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// TestPageNeedsNothing: no name that a peer chooses becomes markup, and nothing in the page runs or loads anything. The
// policy allows its own style alone.
func TestPageNeedsNothing(t *testing.T) {
	s, r := made(t, storetest.Session{Server: storetest.Servers()[0], Calls: 40, Seed: 1})
	plain := elements(t, page(t, s, r, true))
	for i := range r.Operations {
		name := hostile[i%len(hostile)]
		r.Operations[i].Target, r.Operations[i].Code, r.Operations[i].RequestID = name, name, name
		r.Operations[i].Content = record.Content{
			Arguments: name, Result: `{"a":"` + "\u202e" + `</pre><script>"}`, URI: name, Variables: []record.Variable{{Name: name, Value: name}},
		}
	}
	name := hostile[0] + hostile[1] + hostile[3]
	s.Server = record.Peer{Name: name, Version: name}
	r.Session.Server, r.Session.Client, r.Session.Protocol = s.Server, s.Server, name
	s.Service, s.Meta.Version = name, name
	r.Notes = append(r.Notes, record.LogLine{Time: s.Launched, Text: name, Level: name},
		record.Finding{Time: s.Launched, Kind: record.FindingKind(name), Tool: name, Unit: name},
		record.Violation{Time: s.Launched, Kind: record.Noise, Method: name, Reason: name})
	text := page(t, s, r, true)
	known := map[string]bool{}
	for _, n := range plain {
		known[n.Data] = true
	}
	for _, n := range elements(t, text) {
		if !known[n.Data] && n.Data != "p" && n.Data != "pre" {
			t.Errorf("there is an element %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"style", "src", "href", "action", "srcset", "data"}, a.Key) {
				t.Errorf("%s has the attribute %s=%q", n.Data, a.Key, a.Val)
			}
		}
	}
	for _, c := range "\u202e\u2066\u2028\x1b\x00\ufeff" {
		if strings.ContainsRune(text, c) {
			t.Errorf("the page has the character %U", c)
		}
	}
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(text)
	sum := sha256.Sum256([]byte(style[1]))
	i := slices.IndexFunc(elements(t, text), func(n *html.Node) bool { return attr(n, "http-equiv") == "Content-Security-Policy" })
	policy := attr(elements(t, text)[i], "content")
	if want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.HasPrefix(policy, want) {
		t.Errorf("the policy is %s, want %s", policy, want)
	}
	if strings.Contains(style[1], "http") || strings.Contains(style[1], "@import") || strings.Contains(style[1], "expression") {
		t.Error("the style loads something")
	}
}

// TestPageHolds: the page has every operation with its outcome and attributes, and content only if that is asked for.
func TestPageHolds(t *testing.T) {
	s, r := made(t, storetest.Session{Server: storetest.Servers()[1], Calls: 300, Seed: 2, End: storetest.Crashed})
	for i := range r.Operations {
		r.Operations[i].Content.Arguments = `{"secret":"captured"}`
	}
	r.Notes = append(r.Notes, record.LogLine{Time: s.Launched, Text: "captured line"})
	text := page(t, s, r, false)
	if strings.Contains(text, "secret") || strings.Contains(text, "captured line") {
		t.Error("the page has content without being asked for it")
	}
	if with := page(t, s, r, true); !strings.Contains(with, "captured line") || strings.Count(with, "secret") != len(r.Operations) {
		t.Errorf("the page has the content of %d operations, of %d", strings.Count(with, "secret"), len(r.Operations))
	}
	ids, failed := map[string]bool{}, 0
	for _, n := range elements(t, text) {
		if id := attr(n, "id"); id != "" && ids[id] {
			t.Errorf("there are two elements with the id %s", id)
		} else if id != "" {
			ids[id] = true
		}
	}
	for i := range r.Operations {
		op := &r.Operations[i]
		if !ids["operation-"+strconvUint(op.Number)] {
			t.Errorf("operation %d is missing", op.Number)
		}
		if op.ErrorType != "" {
			failed++
		}
		if span := r.Spans[op.Number].SpanID.String(); !strings.Contains(text, span) {
			t.Errorf("the span %s of operation %d is missing", span, op.Number)
		}
	}
	if failed == 0 || strings.Count(text, ">failed: ")+strings.Count(text, "</span>failed: ") < failed {
		t.Errorf("of %d failures, %d are shown", failed, strings.Count(text, "failed: "))
	}
	for _, want := range []string{"spanpipe.operation.request.size", "The server ended by itself", "exit 1", "prefers-color-scheme: dark", "@media print"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func strconvUint(n uint64) string { text, _ := json.Marshal(n); return string(text) }

// TestRecords: each record is a line of JSON with its type, in the order of time, and comes back as it was.
func TestRecords(t *testing.T) {
	s, r := made(t, storetest.Session{Server: storetest.Servers()[2], Calls: 50, Seed: 3})
	r.Operations[2].Content.Arguments = "captured"
	r.Notes = append(r.Notes, record.LogLine{Time: s.Launched, Text: "captured"},
		record.Notification{Time: r.Operations[1].Start, Direction: record.ToServer, Method: "notifications/same_time", URI: "captured"},
		record.Violation{Time: s.Launched, Kind: record.Noise}, record.Finding{Time: s.Launched, Kind: record.Loop, Tool: "t"})
	for _, content := range []bool{false, true} {
		var out bytes.Buffer
		if err := export.Records(&out, s, r, content); err != nil {
			t.Fatal(err)
		}
		if early, _, _ := strings.Cut(out.String(), `"number":2,`); !strings.Contains(early, "notifications/same_time") {
			t.Error("a notification that was read with a request comes after it")
		}
		types, last := map[string]int{}, time.Time{}
		for i, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
			var head struct {
				Record  string
				Version int
				Start   time.Time
			}
			if err := json.Unmarshal([]byte(line), &head); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			types[head.Record]++
			if (i == 0) != (head.Record == "header") || i == 0 && head.Version != 1 {
				t.Errorf("line %d is %s", i, line)
			}
			if head.Record != "operation" {
				continue
			}
			if head.Start.Before(last) {
				t.Errorf("an operation of %v comes after one of %v", head.Start, last)
			}
			last = head.Start
			var op record.Operation
			if err := json.Unmarshal([]byte(line), &op); err != nil {
				t.Fatal(err)
			}
			want := r.Operations[slices.IndexFunc(r.Operations, func(o record.Operation) bool { return o.Number == op.Number })]
			if !op.Start.Equal(want.Start) || op.Duration != want.Duration || op.ErrorType != want.ErrorType ||
				!strings.Contains(line, `"span_id":"`+r.Spans[op.Number].SpanID.String()+`"`) || !strings.Contains(line, `Z","`) {
				t.Errorf("%+v became %s", want, line)
			}
		}
		if types["operation"] != len(r.Operations) || types["violation"] != 1 || types["finding"] != 1 || types["exit"] != 1 ||
			types["session"] != 1 || (types["log_line"] == 1) != content || strings.Contains(out.String(), "captured") != content {
			t.Errorf("content %v: %v", content, types)
		}
	}
}

// TestOTLP: the lines are those of the files, but for damaged and torn ones, and content is added if that is asked for.
func TestOTLP(t *testing.T) {
	s, _ := made(t, storetest.Session{Server: storetest.Servers()[3], Calls: 20, Seed: 4})
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(s.Dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return string(text)
	}
	want := read("traces.jsonl") + read("logs.jsonl")
	write := func(content bool) (string, int) {
		var out strings.Builder
		damaged, err := export.OTLP(&out, s, content)
		if err != nil {
			t.Fatal(err)
		}
		return out.String(), damaged
	}
	if got, damaged := write(false); got != want || damaged != 0 {
		t.Errorf("%d damaged:\n%s", damaged, got)
	}
	var spans []otlpfile.Span
	for line := range strings.Lines(read("traces.jsonl")) { // how many spans are in a line depends on the machine's speed
		_, all, err := otlpfile.ReadTraces([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		spans = append(spans, all...)
	}
	appendTo(t, filepath.Join(s.Dir, "traces.jsonl"), "{\"resource\n{\"resourceLogs\":[]}\n{\"torn")
	appendTo(t, filepath.Join(s.Dir, "content.jsonl"), `{"timeUnixNano":"1","spans":[{"traceId":"`+spans[1].TraceID.String()+
		`","spanId":"`+spans[1].SpanID.String()+`","attributes":[{"key":"gen_ai.tool.call.result","value":{"stringValue":"captured"}}]}],`+
		`"logRecords":[{"timeUnixNano":"5","body":{"stringValue":"server stderr"},"attributes":[{"key":"data","value":{"stringValue":"said"}}]}]}`+"\n"+
		`{"timeUnixNano":"6","spans":[7]}`+"\n")
	if got, damaged := write(false); got != want || damaged != 2 {
		t.Errorf("%d damaged:\n%s", damaged, got)
	}
	got, damaged := write(true)
	if damaged != 3 {
		t.Errorf("with content %d lines are damaged", damaged)
	}
	for line := range strings.Lines(got) {
		_, all, err := otlpfile.ReadTraces([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		for _, span := range all {
			if has := strings.Contains(string(otlpfile.AppendSpan(nil, &span)), "captured"); has != (span.SpanID == spans[1].SpanID) {
				t.Errorf("%s has content: %v", span.SpanID, has)
			}
		}
	}
	if strings.Count(got, "captured") != 1 || strings.Count(got, "said") != 1 || strings.Count(got, "service.name") < 2 {
		t.Errorf("with content:\n%s", got)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
