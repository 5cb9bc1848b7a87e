package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// peerOTLPFile is the program of testdata/otlpfilereader: the OpenTelemetry Collector's receiver of OTLP files.
const peerOTLPFile = "SPANPIPE_TEST_OTLPFILE"

// storedLine is a line of traces.jsonl, as far as readers are compared.
type storedLine struct {
	ResourceSpans []struct {
		Resource   struct{ Attributes []any }
		ScopeSpans []struct {
			Scope struct{ Name, Version string }
			Spans []storedSpan
		}
	}
}

type storedSpan struct {
	TraceID, SpanID, ParentSpanID, Name, TraceState string
	Kind, Flags                                     int
	StartTimeUnixNano, EndTimeUnixNano              string
	Attributes                                      []any
	Events                                          []struct {
		Name, TimeUnixNano string
	}
	Links  []struct{ TraceID, SpanID string }
	Status struct {
		Code    int
		Message string
	}
}

// spansOf returns the spans of lines, by id, each with its resource and scope.
func spansOf(t *testing.T, lines ...[]byte) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, line := range lines {
		var data storedLine
		if err := json.Unmarshal(line, &data); err != nil {
			t.Fatalf("%v in %.200s", err, line)
		}
		for _, r := range data.ResourceSpans {
			for _, s := range r.ScopeSpans {
				for _, span := range s.Spans {
					all[span.SpanID] = fmt.Sprintf("%+v %+v %+v", span, s.Scope, r.Resource)
				}
			}
		}
	}
	return all
}

// storeDemo stores the session of the demo and returns its directory.
func storeDemo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(binary(t), "demo", "--delay", "10ms")
	newHome(t).in("SPANPIPE_TELEMETRY=local", "SPANPIPE_DIR="+dir)(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sessions, err := filepath.Glob(filepath.Join(dir, "sessions", "*"))
	if err != nil || len(sessions) != 1 {
		t.Fatalf("%d sessions are stored: %v", len(sessions), err)
	}
	return sessions[0]
}

// fileLines returns the lines of a file.
func fileLines(t *testing.T, path string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

// TestPeersStoreCollector: the OpenTelemetry Collector's receiver of OTLP files reads the same spans, log records and
// metrics as were stored.
func TestPeersStoreCollector(t *testing.T) {
	reader := peerPath(t, peerOTLPFile)
	session := storeDemo(t)
	want := spansOf(t, fileLines(t, filepath.Join(session, "traces.jsonl"))...)
	if len(want) < 10 {
		t.Fatalf("%d spans are stored", len(want))
	}
	cmd := exec.Command(reader)
	wantMetrics := 0
	for _, name := range []string{"traces.jsonl", "logs.jsonl", "metrics.jsonl"} {
		path := filepath.Join(session, name)
		if _, err := os.Stat(path); err == nil && name == "metrics.jsonl" {
			wantMetrics = len(fileLines(t, path))
		}
		cmd.Args = append(cmd.Args, path)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer func() { // it ends with its stdin
		late.Stop()
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, &stderr)
		}
	}()
	got, records, metrics := map[string]string{}, 0, 0
	wantRecords := bytes.Count(bytes.Join(fileLines(t, filepath.Join(session, "logs.jsonl")), nil), []byte(`"severityNumber"`))
	for in := bufio.NewReader(stdout); len(got) < len(want) || records < wantRecords || metrics < wantMetrics; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			t.Fatalf("%v after %d spans, %d log records, %d lines of metrics: %s", err, len(got), records, metrics, &stderr)
		}
		signal, data, _ := bytes.Cut(line, []byte(" "))
		switch string(signal) {
		case "traces":
			for id, span := range spansOf(t, data) {
				got[id] = span
			}
		case "logs":
			records += bytes.Count(data, []byte(`"severityNumber"`))
		case "metrics":
			metrics++
		}
	}
	compareSpans(t, got, want)
}

// compareSpans compares spans by their ids.
func compareSpans(t *testing.T, got, want map[string]string) {
	t.Helper()
	for id, span := range want {
		if got[id] != span {
			t.Errorf("span %s is\n%s, want\n%s", id, got[id], span)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d spans, want %d", len(got), len(want))
	}
}

// TestPeersStoreJaeger: Jaeger, whose page takes files of OTLP JSON, sees the same spans as were stored.
func TestPeersStoreJaeger(t *testing.T) {
	_, query := startJaeger(t)
	path := filepath.Join(storeDemo(t), "traces.jsonl")
	want, got := map[string]string{}, map[string]string{}
	for _, line := range fileLines(t, path) {
		response, err := http.Post("http://"+query+"/api/transform", "application/json", bytes.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v %.500s", response.Status, err, body)
		}
		jaegerSpans(t, body, got)
		asInJaeger(t, line, want)
	}
	compareSpans(t, got, want)
}

// asInJaeger adds the spans of a stored line as jaegerSpans returns them.
func asInJaeger(t *testing.T, line []byte, to map[string]string) {
	t.Helper()
	var data storedLine
	if err := json.Unmarshal(line, &data); err != nil {
		t.Fatal(err)
	}
	for _, span := range data.ResourceSpans[0].ScopeSpans[0].Spans {
		start, end := number(t, span.StartTimeUnixNano), number(t, span.EndTimeUnixNano)
		to[span.SpanID] = fmt.Sprint(
			span.TraceID, span.ParentSpanID, span.Name, start/1000, (end-start)/1000, tagsOf(span.Attributes))
	}
}

// jaegerSpans adds the spans of Jaeger's JSON.
func jaegerSpans(t *testing.T, body []byte, to map[string]string) {
	t.Helper()
	var decoded struct {
		Data []struct {
			Spans []struct {
				jaegerSpan
				TraceID             string
				StartTime, Duration int64 // µs
			}
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // sizes have all their digits
	if err := decoder.Decode(&decoded); err != nil {
		t.Fatalf("%v in %.500s", err, body)
	}
	own := []string{"span.kind", "otel.scope.name", "otel.scope.version", "otel.status_code", "otel.status_description", "error", "w3c.tracestate"}
	for _, trace := range decoded.Data {
		for _, span := range trace.Spans {
			var tags []string
			for _, tag := range span.Tags {
				if number, ok := tag.Value.(json.Number); ok && strings.Contains(number.String(), ".") {
					tag.Value, _ = number.Float64() // as tagsOf has it
				}
				if !slices.Contains(own, tag.Key) { // those that Jaeger makes
					tags = append(tags, tag.Key+"="+fmt.Sprint(tag.Value))
				}
			}
			slices.Sort(tags)
			to[span.SpanID] = fmt.Sprint(span.TraceID, span.parent(), span.OperationName, span.StartTime, span.Duration, tags)
		}
	}
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tagsOf returns attributes of OTLP JSON as Jaeger shows them.
func tagsOf(attributes []any) []string {
	var tags []string
	for _, a := range attributes {
		member, _ := a.(map[string]any)
		values, _ := member["value"].(map[string]any)
		for _, v := range values {
			tags = append(tags, fmt.Sprint(member["key"])+"="+strings.TrimSpace(fmt.Sprint(v)))
		}
	}
	slices.Sort(tags)
	return tags
}
