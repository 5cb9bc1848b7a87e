package telemetry_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// told is a session in which there is something to log that is not in everything.
const told = `
2ms    > {"jsonrpc":"2.0","id":"p","method":"prompts/get","params":{"name":"weekend_trip"}}
3ms    < {"jsonrpc":"2.0","id":"p","error":{"code":-32603,"message":"no model"}}
4ms    < {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"db","data":"slow query"}}
5ms    < {"jsonrpc":"2.0","id":"x","method":
6ms    > {"jsonrpc":"2.0","id":"h","method":"prompts/get","params":{"name":"winter_trip"}}
7ms    > {"jsonrpc":"2.0","id":"i","method":"tools/call","params":{"name":"store","arguments":{}}}
`

// unusual is a routine of three tools, from which the last calls deviate: one answer is large, one call takes long, and one
// tool follows another that it never has.
func unusual() string {
	var b strings.Builder
	at, n := 10_000, 1000
	call := func(tool string, took, size int) {
		fmt.Fprintf(&b, "%dms > {\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":%q,\"arguments\":{\"n\":%d}}}\n", at, n, tool, n)
		fmt.Fprintf(&b, "%dms < {\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"content\":[],\"pad\":\"%s\"}}\n", at+took, n, strings.Repeat("x", size))
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
	return b.String()
}

// TestEveryRecord plays sessions in which there is every log record, and holds TELEMETRY.md's table against what arrived.
func TestEveryRecord(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	for _, entry := range r.Env(otlptest.GRPC) {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	s := openTo(t, consent.Request{Telemetry: "otlp", Capture: "messages,stderr,errors"}, func(c *telemetry.Config) { c.HangAfter = time.Second })
	s.say(inOrder(everything + loops() + told))
	s.tel.Stderr().Forwarded([]byte("listening on the usual port\n"), time.Now())
	time.Sleep(2200 * time.Millisecond) // the consumer looks for what hangs once a second
	s.end(left)
	s = openTo(t, consent.Request{Telemetry: "otlp"}, nil)
	s.say(unusual())
	s.end(left)

	examples, keys := map[string][]string{}, map[string]map[string]bool{}
	for _, record := range r.Records() {
		i := slices.IndexFunc(semconv.Records(), func(d semconv.Record) bool { return d.Message == record.Body })
		if i < 0 {
			t.Errorf("there is a record %q, which is not described", record.Body)
			continue
		}
		d := semconv.Records()[i]
		examples[d.Message] = append(examples[d.Message], unclocked(d, recordExample(record.Attrs, d.Attributes)))
		for key := range record.Attrs {
			if keys[d.Message] == nil {
				keys[d.Message] = map[string]bool{}
			}
			keys[d.Message][key] = true
		}
		if severity := map[int]string{9: "INFO", 13: "WARN"}[record.Severity]; !strings.Contains(d.Level, severity) && d.Message != semconv.ServerMessage.Message {
			t.Errorf("%q has severity %d, and is described as %s", d.Message, record.Severity, d.Level)
		}
	}
	for _, d := range semconv.Records() {
		for _, key := range d.Attributes {
			if !keys[d.Message][key] {
				t.Errorf("%q never has %s, as its description says", d.Message, key)
			}
			delete(keys[d.Message], key)
		}
		if len(keys[d.Message]) > 0 {
			t.Errorf("%q has attributes that its description does not list: %v", d.Message, keys[d.Message])
		}
		if !slices.Contains(examples[d.Message], unclocked(d, d.Example)) {
			t.Errorf("%q: the example %s is not among\n%s", d.Message, d.Example, strings.Join(examples[d.Message], "\n"))
		}
	}
}

// inOrder sorts what is said by its time.
func inOrder(script string) string {
	lines := slices.Collect(strings.Lines(script))
	at := func(line string) time.Duration {
		when, _, _ := strings.Cut(line, " ")
		d, _ := time.ParseDuration(when) // an empty line comes first
		return d
	}
	slices.SortStableFunc(lines, func(a, b string) int { return int(at(a) - at(b)) })
	return strings.Join(lines, "")
}

// recordExample writes a record's attributes as TELEMETRY.md does.
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

var clocked = regexp.MustCompile(`\bduration=[\d.]+`)

// unclocked is an example without the time for which an operation has hung, which nobody plays.
func unclocked(d semconv.Record, example string) string {
	if d.Message == semconv.OperationHangs.Message {
		return clocked.ReplaceAllString(example, "duration=0")
	}
	return example
}
