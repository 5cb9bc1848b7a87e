package telemetry_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// moreRecords is a session with log records that the session everything lacks.
const moreRecords = `
22ms   > {"jsonrpc":"2.0","id":"p","method":"prompts/get","params":{"name":"weekend_trip"}}
23ms   < {"jsonrpc":"2.0","id":"p","error":{"code":-32603,"message":"no model"}}
24ms   < {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"db","data":"slow query"}}
25ms   < {"jsonrpc":"2.0","id":"x","method":
26ms   > {"jsonrpc":"2.0","id":"h","method":"prompts/get","params":{"name":"winter_trip"}}
27ms   > {"jsonrpc":"2.0","id":"i","method":"tools/call","params":{"name":"store","arguments":{}}}
28ms   > {"jsonrpc":"2.0","id":"late","method":"tools/call","params":{"name":"store","arguments":{}}}
29ms   > {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"late"}}
30ms   < {"jsonrpc":"2.0","id":"late","result":{"content":[]}}
`

// refusals are an answer with an older version than the client has asked for, and a refusal that names some.
const refusals = `
1ms    > {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}
2ms    < {"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no","data":{"supported":["2024-11-05"]}}}
3ms    > {"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}
4ms    < {"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"2024-11-05"}}
`

// blocked plays a session whose server does not read its stdin: first something of which nothing is known yet, then a
// call that has been read in part.
func blocked(t *testing.T, r *otlptest.Receiver) {
	s := openTo(t, consent.Request{Telemetry: "otlp"}, func(c *telemetry.Config) { c.HangAfter = time.Millisecond })
	s.say(`
0ms > {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}
0ms < {"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","serverInfo":{"name":"test-server","version":"2.0"}}}`)
	s.tel.Tap(record.ToServer).Arriving()
	waitRecord(t, r, semconv.StreamBlocked, "")
	s.say(`1ms >+ {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"save","arguments":{"text":"abc`)
	s.tel.Tap(record.ToServer).Arriving()
	waitRecord(t, r, semconv.OperationHangs, "7")
	s.tel.Tap(record.ToServer).Ended(time.Now(), false)
	s.end(left)
}

// listing is a session in which a server lists two tools.
func listing(tools string) string {
	return `0ms > {"jsonrpc":"2.0","id":1,"method":"tools/list"}
1ms < {"jsonrpc":"2.0","id":1,"result":{"tools":` + tools + `}}
`
}

// accepted plays a session whose tools are accepted, and one in which one of them has changed, and another has a new name.
func accepted(t *testing.T) {
	known := &definitionsKept{key: []byte("a key")}
	for _, tools := range []string{
		`[{"name":"a","description":"adds"},{"name":"b","description":"subtracts"}]`,
		`[{"name":"a","description":"adds, and more"},{"name":"c","description":"subtracts"}]`,
	} {
		s := openTo(t, consent.Request{Telemetry: "otlp"}, func(c *telemetry.Config) { c.OpenDefinitions = known.open })
		s.say(listing(tools))
		s.end(left)
		known.state.Accept()
	}
}

// waitRecord waits for a log record of a kind, about the request with an id if it has one.
func waitRecord(t *testing.T, r *otlptest.Receiver, kind semconv.Record, id string) {
	t.Helper()
	mcptest.Eventually(t, kind.Message+" "+id, func() bool {
		return slices.ContainsFunc(r.Records(), func(got otlptest.Record) bool {
			return got.Body == kind.Message && (id == "" || got.Attrs.String(semconv.RequestID) == id)
		})
	})
}

// notStarted reports a server that could not be started.
func notStarted(t *testing.T) {
	policy, _ := consent.Decide(consent.Request{Telemetry: "otlp"})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	telemetry.New(telemetry.Config{Policy: policy, Lookup: os.LookupEnv}).
		NotStarted(ctx, record.Exit{Code: 127, Reason: "no such file or directory"})
}

// unusual repeats calls of three tools and then deviates: one response is large, one call takes long, and one tool
// follows another for the first time.
func unusual() string {
	var b strings.Builder
	at, n := 10_000, 1000
	call := func(tool string, took, size int) {
		const request = `%dms > {"jsonrpc":"2.0","id":%d,"method":"tools/call",` +
			`"params":{"name":%q,"arguments":{"n":%d}}}` + "\n"
		const response = `%dms < {"jsonrpc":"2.0","id":%d,"result":{"content":[],"pad":"%s"}}` + "\n"
		fmt.Fprintf(&b, request, at, n, tool, n)
		fmt.Fprintf(&b, response, at+took, n, strings.Repeat("x", size))
		at, n = at+took+1000, n+1
	}
	for range 150 {
		call("search", 10, 100)
		call("fetch", 10, 100)
		call("store", 10, 100)
	}
	call("search", 10, 1<<20)
	call("fetch", 60_000, 100)
	call("store", 10, 100)
	call("fetch", 10, 100)
	for i, one := range []string{ // each fails too often to be usual
		`"prompts/get","params":{"name":"weekend_trip"}`, `"resources/read","params":{"uri":"https://example.com/a"}`,
	} {
		for range 8 {
			fmt.Fprintf(&b, `%dms > {"jsonrpc":"2.0","id":%d,"method":%s}`+"\n", at, n, one)
			fmt.Fprintf(&b, `%dms < {"jsonrpc":"2.0","id":%d,"error":{"code":-32603,"message":"no"}}`+"\n", at+10, n)
			at, n = at+1000+i, n+1
		}
	}
	return b.String()
}

// settledPast is what is remembered of a server whose tools have always been called in the same order, and whose prompts
// and resources have never failed.
func settledPast() *past.Past {
	p := past.New("server")
	for i := range 40 {
		s := past.NewSession()
		for n := range 60 {
			op := record.Operation{
				Change: record.Ended, Number: uint64(n) + 1, Direction: record.ToServer, Method: semconv.ToolsCall,
				Target: []string{"search", "fetch", "store"}[n%3], Start: time.Now(), Answered: true, RoundTrips: 1,
			}
			switch {
			case n >= 55:
				op.Method, op.Target, op.Resource = semconv.ResourcesRead, "", "https"
			case n >= 50:
				op.Method, op.Target = semconv.PromptsGet, "weekend_trip"
			}
			s.Add(&op)
		}
		p.Merge(s, past.About{Name: fmt.Sprintf("%03d", i), Day: past.DayOf(time.Now())})
	}
	return p
}

// TestEveryRecord plays sessions that produce every log record, and compares TELEMETRY.md's table with what arrives.
func TestEveryRecord(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	exportTo(t, r, otlptest.GRPC)
	k := &kept{} // gets what is not exported
	s := openTo(t, consent.Request{Telemetry: "otlp,local", Capture: "messages,stderr,errors"},
		func(c *telemetry.Config) { c.HangAfter, c.LogLevel = time.Second, slog.LevelDebug; k.in(c) })
	s.say(sortedByTime(everything + loops() + moreRecords))
	s.tel.Stderr().Forwarded([]byte("listening on the usual port\n"), time.Now())
	waitRecord(t, r, semconv.OperationHangs, "i")
	s.end(record.Exit{EndedBy: record.ByServer, Cause: record.ServerEnded, Signal: "SIGSEGV"})
	blocked(t, r)
	notStarted(t)
	s = openTo(t, consent.Request{Telemetry: "otlp"}, func(c *telemetry.Config) {
		c.Past = func(string) *past.Past { return settledPast() }
		c.Anomalies.Limits = anomaly.Limits{Chance: 0.5}
	})
	s.say(refusals + unusual())
	s.end(left)
	accepted(t)

	examples, keys := map[string][]string{}, map[string]map[string]bool{}
	all := append(r.Records(), append(k.open(), openChild(t)...)...)
	checkLogSchema(t, all)
	for _, got := range all {
		i := slices.IndexFunc(semconv.Records(), func(d semconv.Record) bool { return d.Message == got.Body })
		if i < 0 {
			t.Errorf("got a record %q, which semconv does not list", got.Body)
			continue
		}
		d := semconv.Records()[i]
		example := withoutMeasured(d, recordExample(got.Attrs, d.Attributes))
		examples[d.Message] = append(examples[d.Message], example)
		for key := range got.Attrs {
			if keys[d.Message] == nil {
				keys[d.Message] = map[string]bool{}
			}
			keys[d.Message][key] = true
		}
		severity := map[int]string{5: "DEBUG", 9: "INFO", 13: "WARN"}[got.Severity]
		if !strings.Contains(d.Level, severity) && d.Message != semconv.ServerMessage.Message {
			t.Errorf("severity of %q = %d, want %s", d.Message, got.Severity, d.Level)
		}
	}
	for _, d := range semconv.Records() {
		for _, key := range d.Attributes {
			// What can be seen of a stall depends on the process that stands for the server: package otel tests these.
			if !keys[d.Message][key] && !strings.HasPrefix(key, semconv.Stall+".") {
				t.Errorf("%q never has the attribute %s, which semconv lists for it", d.Message, key)
			}
			delete(keys[d.Message], key)
		}
		if len(keys[d.Message]) > 0 {
			t.Errorf("%q has attributes that semconv does not list for it: %v", d.Message, keys[d.Message])
		}
		if !slices.Contains(examples[d.Message], withoutMeasured(d, d.Example)) {
			got := strings.Join(examples[d.Message], "\n")
			t.Errorf("%q: got\n%s\nwant the example %s among them", d.Message, got, d.Example)
		}
	}
}

// openChild returns the records of a call that is open, and of a request of the server's that it waits for.
func openChild(t *testing.T) []otlptest.Record {
	k := &kept{}
	s := openTo(t, consent.Request{Telemetry: "local"}, k.in)
	s.say(`
0ms > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search"}}
1ms < {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[]}}`)
	mcptest.Eventually(t, "both are stored as open", func() bool { return len(k.open()) == 2 })
	s.end(left)
	return k.open()
}

// open returns the stored records of open operations.
func (k *kept) open() (found []otlptest.Record) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.records {
		if r.Body != semconv.OperationOpen.Message {
			continue
		}
		out := otlptest.Record{
			Time: r.Time, Severity: r.Severity, SeverityText: r.SeverityText, EventName: r.EventName, Body: r.Body, Attrs: otlptest.Attrs{},
			TraceID: r.TraceID.String(), SpanID: r.SpanID.String(),
		}
		for _, a := range r.Attributes {
			out.Attrs[string(a.Key)] = a.Value.AsInterface()
		}
		found = append(found, out)
	}
	return found
}

// sortedByTime sorts the lines of a script by their times.
func sortedByTime(script string) string {
	lines := slices.Collect(strings.Lines(script))
	at := func(line string) time.Duration {
		when, _, _ := strings.Cut(line, " ")
		d, _ := time.ParseDuration(when) // an empty line counts as 0
		return d
	}
	slices.SortStableFunc(lines, func(a, b string) int { return int(at(a) - at(b)) })
	return strings.Join(lines, "")
}

// recordExample formats a record's attributes as in TELEMETRY.md.
func recordExample(attrs otlptest.Attrs, keys []string) string {
	var kv []string
	for _, key := range keys {
		if value, ok := attrs[key]; ok {
			if f, ok := value.(float64); ok {
				value = strconv.FormatFloat(f, 'f', -1, 64)
			}
			kv = append(kv, fmt.Sprintf("%s=%v", key, value))
		}
	}
	return "{" + strings.Join(kv, " ") + "}"
}

var (
	measuredDate = regexp.MustCompile(`\bsince=[^ ]+`)
	measuredTime = regexp.MustCompile(`\bduration=[\d.]+`)
	seenStall    = regexp.MustCompile(` spanpipe\.stall[\w.]*=\S+`) // of this process, which is taken for the server
	randomID     = regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
)

// withoutMeasured replaces what is not part of the script: the session's id, and the time that an operation has been
// hanging or a session has lasted.
func withoutMeasured(d semconv.Record, example string) string {
	example = measuredDate.ReplaceAllString(randomID.ReplaceAllString(example, "ID"), "since=then")
	if slices.Contains([]string{semconv.OperationHangs.Message, semconv.StreamBlocked.Message}, d.Message) || d.Message == semconv.SessionEnded.Message {
		return seenStall.ReplaceAllString(measuredTime.ReplaceAllString(example, "duration=0"), "")
	}
	return example
}
