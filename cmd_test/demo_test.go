package cmd_test

import (
	"bytes"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// demoRow is a row of the tree that the demo prints.
type demoRow struct {
	depth   int
	arrow   string
	took    time.Duration
	outcome string
}

var demoLine = regexp.MustCompile(`^([├└│─ ]*)([→←] )?(\S+(?: \S+)*?) +(–|[\d.]+(?:µs|ms|s)) +[━─┤×· ]+(\S.*)$`)

// runDemo runs the demo and parses the tree it prints.
func runDemo(t *testing.T, flags []string, variables ...string) (rows map[string]demoRow, out string) {
	t.Helper()
	home := newHome(t)
	cmd := exec.Command(binary(t), append([]string{"demo"}, flags...)...)
	home.in(variables...)(cmd)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v; stderr: %s", err, &stderr)
	}
	if strings.Contains(stdout.String(), "sent to the collector") != slices.Contains(variables, "SPANPIPE_TELEMETRY=otlp") {
		t.Errorf("the demo is wrong about what it sends:\n%s", &stdout)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr = %q, want none", &stderr)
	}
	if left := home.left(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	rows = map[string]demoRow{}
	for line := range strings.Lines(stdout.String()) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimRight(line, " ") != line {
			t.Errorf("%q ends with spaces", line)
		}
		if m := demoLine.FindStringSubmatch(line); m != nil {
			took, err := time.ParseDuration(m[4])
			if err != nil && m[4] != "–" { // a notification takes no time
				t.Fatal(err)
			}
			rows[m[3]] = demoRow{len([]rune(m[1])) / 3, strings.TrimSpace(m[2]), took, m[5]}
		}
	}
	return rows, stdout.String()
}

// demoWant has every row of the tree.
var demoWant = map[string]demoRow{
	"mcp.session":               {0, "", 0, "closed"},
	"initialize":                {1, "→", 0, "ok"},
	"notifications/initialized": {1, "→", 0, "notification"},
	"tools/list":                {1, "→", 0, "ok, 5 tools"},
	"resources/read":            {1, "→", 0, "ok"},
	"prompts/get weekend_trip":  {1, "→", 0, "ok"},
	"get_forecast":              {1, "→", 0, "ok"},
	"find_trains":               {1, "→", 0, "ok"},
	"book_hotel":                {1, "→", 0, "failed: rate limited"},
	"no_such_tool":              {1, "→", 0, "bad request: -32602"},
	"summarize_trip":            {1, "→", 0, "ok"},
	"sampling/createMessage":    {2, "←", 0, "ok"},
	"watch_prices":              {1, "→", 0, "cancelled"},
	"ping":                      {1, "→", 0, "ok"},
}

// TestDemo checks every row of the tree.
func TestDemo(t *testing.T) {
	rows, out := runDemo(t, []string{"--delay", "40ms"})
	for name, want := range demoWant {
		got, ok := rows[name]
		took := got.took
		got.took = 0
		if !ok || got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		if name == "find_trains" && took < 40*time.Millisecond {
			t.Errorf("the slow call took %v, want at least its delay of 40ms", took)
		}
	}
	if len(rows) != len(demoWant) || t.Failed() {
		t.Errorf("%d rows, want %d; the tree:\n%s", len(rows), len(demoWant), out)
	}
	if strings.Contains(out, "\x1b") {
		t.Error("the demo uses colors on a pipe")
	}
}

// TestDemoIsMeasured: a server that is ten times slower shows in the tree, so the demo is no recording.
func TestDemoIsMeasured(t *testing.T) {
	const call = "find_trains"
	slow, _ := runDemo(t, []string{"--delay=500ms"})
	if slow[call].took < 500*time.Millisecond {
		t.Errorf("%s took %v, want at least its delay of 500ms", call, slow[call].took)
	}
	var took []time.Duration
	for range 5 { // a machine that stalls makes some of these slow, too
		fast, _ := runDemo(t, []string{"--delay", "50ms"})
		if took = append(took, fast[call].took); 2*fast[call].took <= slow[call].took {
			return
		}
	}
	t.Errorf("%s took %v with a delay of 500ms and %v with one of 50ms", call, slow[call].took, took)
}

// TestDemoToCollector: the collector receives exactly the spans of the tree.
func TestDemoToCollector(t *testing.T) {
	for _, protocol := range []otlptest.Protocol{otlptest.GRPC, otlptest.HTTP} {
		t.Run(string(protocol), func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			rows, out := runDemo(t, []string{"--delay", "10ms"}, "SPANPIPE_TELEMETRY=otlp",
				"OTEL_EXPORTER_OTLP_ENDPOINT="+r.Endpoint(protocol), "OTEL_EXPORTER_OTLP_PROTOCOL="+string(protocol))
			var names []string
			for _, span := range r.Spans() {
				names = append(names, strings.TrimPrefix(span.Name, "tools/call ")) // where an arrow says that it is a call
				if span.Service() != "demo-server" {
					t.Errorf("service of %q = %q, want demo-server", span.Name, span.Service())
				}
			}
			slices.Sort(names)
			if want := slices.Sorted(maps.Keys(rows)); !slices.Equal(names, want) {
				t.Errorf("the collector received %q, want the rows %q", names, want)
			}
			if !strings.Contains(out, "sent to the collector") {
				t.Errorf("the demo does not report that it sends:\n%s", out)
			}
			if n := r.Histogram("mcp.server.operation.duration", nil).Count; n != 11 {
				t.Errorf("mcp.server.operation.duration counts %d operations, want 11", n)
			}
		})
	}
}

// TestDemoWithoutCollector: the demo never says that spans were sent when they were not, and its exit code is not 0.
func TestDemoWithoutCollector(t *testing.T) {
	refusing, partial := otlptest.Start(t, otlptest.Config{}), otlptest.Start(t, otlptest.Config{})
	refusing.SetFault(otlptest.Internal())
	partial.SetFault(otlptest.Partial(4, "too many"), otlptest.Traces)
	down := newConnectionCounter(t).url() // which closes every connection
	for _, test := range []struct {
		name      string
		variables []string
		stderr    string
	}{
		{"closes connections", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + down}, "0 of 14 spans were sent to the collector at " + down},
		{"over HTTP", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + down, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"},
			"0 of 14 spans were sent"},
		{"refuses", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + refusing.Endpoint(otlptest.GRPC)}, "0 of 14 spans were sent"},
		{"refuses some", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + partial.Endpoint(otlptest.GRPC), "OTEL_BSP_SCHEDULE_DELAY=60000",
			"SPANPIPE_FLUSH_TIMEOUT=20s"}, " of 14 spans were sent to the collector"},
		{"an invalid endpoint", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector"}, "no spans were sent: OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"no exporter", []string{"OTEL_TRACES_EXPORTER=none"}, "no spans were sent: OTEL_TRACES_EXPORTER is none"},
		{"no sample", []string{"OTEL_TRACES_SAMPLER=always_off"}, "no spans were sent: OTEL_TRACES_SAMPLER"},
		{"a veto", []string{"DO_NOT_TRACK=1"}, "no spans were sent: SPANPIPE_TELEMETRY asks for otlp; DO_NOT_TRACK is set"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(binary(t), "demo", "--delay", "10ms")
			newHome(t).in(append([]string{"SPANPIPE_TELEMETRY=otlp", "SPANPIPE_FLUSH_TIMEOUT=200ms"}, test.variables...)...)(cmd)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run() // the exit code is checked
			if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("exit code %d, stderr: %s", cmd.ProcessState.ExitCode(), &stderr)
			}
			if !strings.Contains(stdout.String(), "→ find_trains") || strings.Contains(stdout.String(), "were sent") {
				t.Errorf("stdout: %s", &stdout)
			}
		})
	}
}

// TestDemoOnConsole: on a terminal, the console's lines stand before the tree, and not among its rows.
func TestDemoOnConsole(t *testing.T) {
	cmd := exec.Command(binary(t), "demo", "--delay", "10ms")
	newHome(t).in("SPANPIPE_TELEMETRY=console")(cmd)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if end, tree := bytes.Index(out, []byte("session ended")), bytes.Index(out, []byte("mcp.session ")); end < 0 || tree < end {
		t.Errorf("the last line of the console is at %d, the tree at %d:\n%s", end, tree, out)
	}
}
