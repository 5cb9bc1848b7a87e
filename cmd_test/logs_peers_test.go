package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/schematest"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

const peerAlloy = "SPANPIPE_TEST_ALLOY"

// logsPage returns docs/logs.md.
func logsPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/logs.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns the code blocks in a language.
func blocks(page, language string) (all []string) {
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(page, -1) {
		all = append(all, m[1])
	}
	return all
}

// logRow is a record, as a line of JSON has it, by the names that labels have in Loki.
type logRow map[string]any

func (r logRow) text(key string) string {
	if v := r[key]; v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

func finishedCall(r logRow) bool {
	return r.text("event") == semconv.OperationFinished.Event && r.text("mcp_method_name") == "tools/call"
}

func failedCall(r logRow) bool { return finishedCall(r) && r["error_type"] != nil }

func event(one semconv.Record) func(logRow) bool {
	return func(r logRow) bool { return r.text("event") == one.Event }
}

// question is what a query of docs/logs.md should find: the records, and of a range what it makes of those with equal labels.
type question struct {
	of    func(logRow) bool
	value func(same []logRow) float64 // nil: the query is for records
	over  func(logRow) bool           // of a share: all records
	most  int                         // only so many of the largest
	line  string                      // how a record is shown, with ids where a query has words in capitals
}

func count(same []logRow) float64 { return float64(len(same)) }

// quantile returns what LogQL's quantile_over_time does of durations.
func quantile(q float64) func([]logRow) float64 {
	return func(same []logRow) float64 {
		var all []float64
		for _, r := range same {
			all = append(all, r["duration"].(float64))
		}
		slices.Sort(all)
		rank := q * float64(len(all)-1)
		low := int(rank)
		high := min(low+1, len(all)-1)
		return all[low] + (all[high]-all[low])*(rank-float64(low))
	}
}

// questions has the truth about each query, by its heading.
var questions = map[string]question{
	"Which tools fail, and why": {of: failedCall, value: count},
	"Share of calls that failed, by server": {value: count, over: finishedCall, of: func(r logRow) bool {
		return failedCall(r) && r.text("spanpipe_error_class") != "cancelled" && r.text("spanpipe_error_class") != "abandoned"
	}},
	"What hung, and where it was stuck": {
		of: event(semconv.OperationHangs), line: "{spanpipe_server_name} {mcp_method_name} {gen_ai_tool_name}: {spanpipe_stall}",
	},
	"Slowest calls":                     {of: finishedCall, value: quantile(1), most: 5},
	"95th percentile of a tool's calls": {of: finishedCall, value: quantile(0.95)},
	"Who was refused": {value: count, of: func(r logRow) bool {
		return event(semconv.OperationFinished)(r) && slices.Contains([]string{"authentication", "permission", "rate_limited"}, r.text("spanpipe_error_class"))
	}},
	"What changed": {
		of:   event(semconv.DefinitionDiffers),
		line: "{spanpipe_server_name} {spanpipe_definition_change} {spanpipe_definition_kind} {spanpipe_definition_name}: {spanpipe_definition_parts}",
	},
	"What stands out":            {of: event(semconv.UnusualCall), value: count},
	"What was wrong on the wire": {of: event(semconv.UnexpectedMessage), value: count},
	"Servers that ended badly, or did not start": {value: count, of: func(r logRow) bool {
		return event(semconv.SessionEnded)(r) && r["error_type"] != nil
	}},
	"Sessions by client and version": {of: event(semconv.SessionStarted), value: count},
	"One trace's records":            {line: "{msg}"},
	"One session's records":          {line: "{msg}"},
}

// TestPeersLogs asks a real Loki the questions of docs/logs.md about sessions that failed, hung, crashed and changed, and compares
// the answers with what the sessions did: of records that came by OTLP, and of lines of JSON.
func TestPeersLogs(t *testing.T) {
	loki := startLokiAlone(t)
	var rows []logRow
	var lines []string
	for service, play := range map[string]func(*testing.T, ...string) string{
		"failing": logsOfCalls, "crashing": logsOfCrash, "changing": logsOfChanges,
	} {
		stderr := play(t, "SPANPIPE_TELEMETRY=console,local,otlp", "SPANPIPE_DIR="+t.TempDir(), "SPANPIPE_LOG_FORMAT=json",
			"SPANPIPE_HANG_AFTER=1s", "OTEL_SERVICE_NAME="+service, "OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none",
			"SPANPIPE_FLUSH_TIMEOUT=30s",
			"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT="+loki+"/otlp/v1/logs", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=http/protobuf")
		for line := range strings.Lines(stderr) {
			var value map[string]any
			if err := json.Unmarshal([]byte(line), &value); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if value["event"] == nil {
				continue
			}
			row := logRow{}
			for key, v := range value {
				row[strings.ReplaceAll(key, ".", "_")] = v
			}
			rows, lines = append(rows, row), append(lines, strings.TrimSpace(line))
		}
	}
	pushLines(t, loki, rows, lines)
	for _, form := range []struct{ name, selector, parser string }{
		{"by OTLP", `{service_name=~".+", job=""}`, ""}, {"lines of JSON", `{service_name=~".+", job="lines"}`, " | json"},
	} {
		t.Run(form.name, func(t *testing.T) {
			waitFor(t, "all records", func() bool {
				got, err := lokiVector(loki, "sum(count_over_time("+form.selector+"[1h]))")
				return err == nil && got[""] == float64(len(rows))
			})
			page := regexp.MustCompile("(?s)### ([^\n]+)\n\n```logql\n(.*?)\n```").FindAllStringSubmatch(logsPage(t), -1)
			if len(page) != len(questions) || len(page) != len(blocks(logsPage(t), "logql")) {
				t.Errorf("docs/logs.md has %d queries with a heading, and %d have a known answer", len(page), len(questions))
			}
			for _, m := range page {
				q, ok := questions[m[1]]
				if !ok {
					t.Errorf("%q has no known answer", m[1])
					continue
				}
				query := strings.ReplaceAll(m[2], `{service_name=~".+"}`, form.selector+form.parser)
				ask(t, loki, m[1], query, q, rows)
			}
		})
	}
}

// ask compares an answer of Loki's with the records.
func ask(t *testing.T, loki, heading, query string, q question, rows []logRow) {
	t.Helper()
	if q.of == nil { // of the ids of the first call that hung
		hang := rows[slices.IndexFunc(rows, event(semconv.OperationHangs))]
		trace, session := hang.text("trace_id"), hang.text("spanpipe_session_id")
		byTrace := strings.Contains(query, "TRACE")
		query = strings.NewReplacer("TRACE", trace, "SESSION", session).Replace(query)
		q.of = func(r logRow) bool {
			return byTrace && r.text("trace_id") == trace || !byTrace && r.text("spanpipe_session_id") == session
		}
	}
	if q.value == nil {
		var want []string
		for _, r := range rows {
			if q.of(r) {
				want = append(want, regexp.MustCompile(`\{\w+\}`).ReplaceAllStringFunc(q.line, func(s string) string { return r.text(strings.Trim(s, "{}")) }))
			}
		}
		got, err := lokiLines(loki, query)
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: %v\ngot  %q\nwant %q", heading, err, got, want)
		}
		return
	}
	by := strings.Split(regexp.MustCompile(`by \(([^)]*)\)`).FindStringSubmatch(query)[1], ", ")
	same, all := map[string][]logRow{}, map[string]float64{}
	for _, r := range rows {
		var labels []string
		for _, label := range by {
			if value := r.text(label); value != "" {
				labels = append(labels, label+"="+value)
			}
		}
		slices.Sort(labels)
		key := strings.Join(labels, " ")
		if q.of(r) {
			same[key] = append(same[key], r)
		}
		if q.over != nil && q.over(r) {
			all[key]++
		}
	}
	want := map[string]float64{}
	for key, rows := range same {
		want[key] = q.value(rows)
		if q.over != nil {
			want[key] /= all[key]
		}
	}
	got, err := lokiVector(loki, query)
	for key, value := range got {
		if math.Abs(want[key]-value) > 1e-9 {
			t.Errorf("%s: %s is %v, want %v", heading, key, value, want[key])
		}
	}
	if n := len(want); err != nil || n == 0 || len(got) != n && (q.most == 0 || len(got) != min(n, q.most)) {
		t.Errorf("%s: %v\ngot  %v\nwant %v", heading, err, got, want)
	}
}

// logsOfCrash returns stderr of a session in which a call is refused, and whose server exits during another.
func logsOfCrash(t *testing.T, variables ...string) string {
	h := open(t, cast.As(t, "server"), variables...)
	runCrash(t, h)
	return h.Stderr.String()
}

// startLokiAlone starts Loki with deploy/loki.yaml, and returns its address.
func startLokiAlone(t *testing.T) string {
	t.Helper()
	dir, address := t.TempDir(), otlptest.RefusedAddr(t)
	_, grpc, _ := strings.Cut(otlptest.RefusedAddr(t), ":")
	host, port, _ := strings.Cut(address, ":")
	config := strings.NewReplacer(" /loki", " "+filepath.ToSlash(dir),
		"http_listen_port: 3100", "http_listen_address: "+host+"\n  http_listen_port: "+port,
		"grpc_listen_port: 9095", "grpc_listen_address: 127.0.0.1\n  grpc_listen_port: "+grpc).Replace(readDeploy(t, "loki.yaml"))
	file := filepath.Join(dir, "loki.yaml")
	writeFile(t, file, config)
	background(t, peerPath(t, peerLoki), "-config.file="+file, "-config.expand-env=true")
	waitFor(t, "Loki", func() bool { return getJSON("http://"+address+"/ready", nil) == nil })
	return "http://" + address
}

// pushLines pushes lines as Alloy does with the configuration of docs/logs.md.
func pushLines(t *testing.T, loki string, rows []logRow, lines []string) {
	t.Helper()
	type stream struct {
		Stream map[string]string `json:"stream"`
		Values [][]any           `json:"values"`
	}
	var body struct {
		Streams []stream `json:"streams"`
	}
	for i, r := range rows {
		at, err := time.Parse(time.RFC3339Nano, r.text("time"))
		if err != nil {
			t.Fatal(err)
		}
		body.Streams = append(body.Streams, stream{
			Stream: map[string]string{"job": "lines", "service_name": r.text("service_name"), "level": r.text("level")},
			Values: [][]any{{strconv.FormatInt(at.UnixNano(), 10), lines[i], map[string]string{"trace_id": r.text("trace_id")}}},
		})
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(loki+"/loki/api/v1/push", "application/json", bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusNoContent {
		t.Fatalf("Loki refuses the lines: %s", response.Status)
	}
}

// lokiVector returns the values that a query has now, by their labels.
func lokiVector(loki, query string) (map[string]float64, error) {
	var decoded struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := getJSON(loki+"/loki/api/v1/query?"+url.Values{"query": {query}}.Encode(), &decoded); err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for _, r := range decoded.Data.Result {
		var labels []string
		for name, value := range r.Metric {
			if value != "" {
				labels = append(labels, name+"="+value)
			}
		}
		slices.Sort(labels)
		text, _ := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, err
		}
		out[strings.Join(labels, " ")] = value
	}
	return out, nil
}

// lokiLines returns the lines that a query finds in the last hour. Of a line of JSON it is the message.
func lokiLines(loki, query string) (lines []string, err error) {
	var decoded struct {
		Data struct {
			Result []struct{ Values [][2]string }
		}
	}
	values := url.Values{"query": {query}, "limit": {"1000"}, "start": {strconv.FormatInt(time.Now().Add(-time.Hour).UnixNano(), 10)}}
	if err := getJSON(loki+"/loki/api/v1/query_range?"+values.Encode(), &decoded); err != nil {
		return nil, err
	}
	for _, r := range decoded.Data.Result {
		for _, v := range r.Values {
			var line struct{ Msg string }
			if json.Unmarshal([]byte(v[1]), &line) == nil && line.Msg != "" {
				v[1] = line.Msg
			}
			lines = append(lines, v[1])
		}
	}
	return lines, nil
}

// TestPeersAlloy: Alloy's parser reads the configurations of docs/logs.md.
func TestPeersAlloy(t *testing.T) {
	program, dir := peerPath(t, peerAlloy), t.TempDir()
	all := blocks(logsPage(t), "alloy")
	if len(all) == 0 {
		t.Fatal("docs/logs.md has no configuration of Alloy")
	}
	for i, text := range append(all, "loki.write \"x\" {\n") {
		file := filepath.Join(dir, fmt.Sprint(i, ".alloy"))
		writeFile(t, file, text)
		output, err := exec.Command(program, file).CombinedOutput()
		if broken := i == len(all); (err != nil) != broken {
			t.Errorf("%v: %s\n%s", err, output, text)
		}
	}
}

// TestLogsPage: what docs/logs.md names exists, its JSON is well formed, and its example follows the schema.
func TestLogsPage(t *testing.T) {
	page := logsPage(t)
	known := map[string]bool{}
	for _, r := range semconv.Records() {
		known[r.Event] = true
		for _, key := range r.Attributes {
			known[key] = true
		}
	}
	for _, a := range semconv.ResourceAttributes() {
		known[a.Key] = true
	}
	withoutAlloy := regexp.MustCompile("(?s)```alloy.*?```").ReplaceAllString(page, "") // it calls components so
	for _, name := range regexp.MustCompile(`\b(spanpipe|gen_ai|mcp|rpc|jsonrpc|enduser)\.[a-z_]+(\.[a-z_]+)*`).FindAllString(withoutAlloy, -1) {
		if !known[name] {
			t.Errorf("docs/logs.md has %s, which no record has", name)
		}
	}
	labels := map[string]bool{"detected_level": true}
	for name := range known {
		labels[strings.ReplaceAll(name, ".", "_")] = true
	}
	for _, query := range blocks(page, "logql") {
		for _, name := range regexp.MustCompile(`\b(spanpipe|gen_ai|mcp|service|error|enduser)_[a-z_]+`).FindAllString(query, -1) {
			if !labels[name] {
				t.Errorf("a query of docs/logs.md has %s, which no record has", name)
			}
		}
	}
	for i, text := range blocks(page, "json") {
		text = regexp.MustCompile(`\APUT \S+\n`).ReplaceAllString(text, "")
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Errorf("%v: %s", err, text)
		} else if i == 0 {
			if err := schematest.Read(t, "../docs/logs.schema.json").Validate(value); err != nil {
				t.Errorf("the example: %v", err)
			}
		}
	}
}
