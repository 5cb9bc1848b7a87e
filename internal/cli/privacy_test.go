package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/cli"
)

// runCommand runs a command of spanpipe's in this process.
func runCommand(t *testing.T, environ []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	dir := t.TempDir()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	p := cli.Process{
		Args: append([]string{"spanpipe"}, args...), Environ: environ, Stdin: open("in"), Stdout: open("out"), Stderr: open("err"),
	}
	code = cli.Main(p)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return read("out"), read("err"), code
}

// sinkSets returns every set of destinations but the empty one.
func sinkSets() (sets [][]string) {
	all := consent.Sinks()
	for bits := 1; bits < 1<<len(all); bits++ {
		var set []string
		for i, s := range all {
			if bits&(1<<i) != 0 {
				set = append(set, string(s))
			}
		}
		sets = append(sets, set)
	}
	return sets
}

// privacySettings are what is combined with each set of destinations.
var privacySettings = [][]string{
	nil,
	{"SPANPIPE_CAPTURE=errors,arguments,results,prompts,uris,messages,stderr,definitions"},
	{"SPANPIPE_CAPTURE=definitions", "SPANPIPE_USER=hash"},
	{"SPANPIPE_CAPTURE=arguments,keys:query,filter.name", "SPANPIPE_CAPTURE_MAX=100", "SPANPIPE_REDACT=ticket=ACME-\\d+"},
	{"SPANPIPE_CAPTURE=errors,argments"}, // nothing is captured
	{"SPANPIPE_ANOMALIES=off", "SPANPIPE_METRICS_CLIENT=on"},
	{"SPANPIPE_ANOMALIES=session", "SPANPIPE_ADMIN_ADDR=0.0.0.0:9464", "SPANPIPE_KEEP=7d"},
	{"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT=https://user:secret@otel.example/token", "OTEL_METRICS_EXPORTER=none"},
	{"OTEL_EXPORTER_OTLP_ENDPOINT=http://otel.example:4317", "OTEL_LOGS_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_TRACES_EXPORTER=none"},
}

// value returns the value of a variable in a list of them.
func value(environ []string, name string) string {
	for _, entry := range environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			return v
		}
	}
	return ""
}

// TestPrivacyTextIsThePolicy holds the text against the policy of the same settings, for every set of destinations: what it says is
// collected, is, and what it says is not, is not.
func TestPrivacyTextIsThePolicy(t *testing.T) {
	for _, sinks := range sinkSets() {
		for i, settings := range privacySettings {
			t.Run(fmt.Sprint(strings.Join(sinks, "+"), i), func(t *testing.T) {
				environ := append([]string{"SPANPIPE_TELEMETRY=" + strings.Join(sinks, ",")}, settings...)
				text, stderr, code := runCommand(t, environ, "consent", "--markdown")
				if code != 0 {
					t.Fatalf("exit code %d: %s", code, stderr)
				}
				p, _ := consent.Decide(consent.Request{
					Telemetry: value(environ, "SPANPIPE_TELEMETRY"), Capture: value(environ, "SPANPIPE_CAPTURE"),
					CaptureMax: value(environ, "SPANPIPE_CAPTURE_MAX"), Redact: value(environ, "SPANPIPE_REDACT"),
				})
				collected, rest, _ := strings.Cut(text, "\n### Where it goes\n")
				where, not, _ := strings.Cut(rest, "\n### What is not collected\n")
				checkContent(t, p, collected, not)
				checkPlaces(t, p, environ, where)
			})
		}
	}
}

// checkContent: each kind of content is either collected or not, as the policy says.
func checkContent(t *testing.T, p consent.Policy, collected, not string) {
	t.Helper()
	kinds := map[consent.Level]string{
		consent.Errors: "error messages", consent.Arguments: "arguments of tool calls", consent.Results: "results of tool calls",
		consent.Prompts: "prompts and sampling messages", consent.URIs: "resource URIs", consent.Messages: "log messages of the server",
		consent.Stderr: "lines that the server writes to stderr", consent.Definitions: "titles, descriptions, schemas and instructions",
	}
	for _, level := range consent.Levels() {
		want := p.Capture().Has(level) && (p.Has(consent.OTLP) || p.Has(consent.Console) || p.Has(consent.Local))
		if level == consent.Definitions {
			want = p.Capture().Has(level) && p.Has(consent.Local)
		}
		in, out := false, strings.Contains(not, "\n- "+kinds[level])
		for line := range strings.Lines(collected) {
			in = in || strings.HasPrefix(line, "- **content**") && strings.Contains(line, kinds[level])
		}
		if in != want || out == want {
			t.Errorf("%s: collected %v, not collected %v; the policy collects it: %v", level, in, out, want)
		}
	}
	for _, line := range []string{"contents of resources", "the server's command line", "system prompts"} {
		if !strings.Contains(not, line) {
			t.Errorf("what is never collected lacks %q", line)
		}
	}
}

// checkPlaces: each place that the policy allows is named, and no other.
func checkPlaces(t *testing.T, p consent.Policy, environ []string, where string) {
	t.Helper()
	sent := p.Has(consent.OTLP) && value(environ, "OTEL_TRACES_EXPORTER") != "none"
	page := p.Has(consent.Prometheus) || value(environ, "SPANPIPE_ADMIN_ADDR") != ""
	open := value(environ, "SPANPIPE_ADMIN_ADDR") != ""
	encrypted := value(environ, "SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT") != ""
	capturing := p.Capture().Any()
	for _, c := range []struct {
		text string
		want bool
	}{
		{" are sent to `", sent},
		{"`https://otel.example`, encrypted", sent && encrypted},
		{"Traces and logs are sent", sent && encrypted},
		{"Traces, metrics and logs are sent to `http://localhost:4317` on your own machine", sent && !encrypted},
		{"standard error", p.Has(consent.Console)},
		{"A page with figures is served", page},
		{"**any machine that can reach that address**", open},
		{"~/.local/state/spanpipe/targets", p.Has(consent.Prometheus)},
		{"~/.local/state/spanpipe/sessions", p.Has(consent.Local)},
		{"~/.local/state/spanpipe/past", p.Has(consent.Local) && value(environ, "SPANPIPE_ANOMALIES") == ""},
		{"captured content: for 24 hours", p.Has(consent.Local) && capturing},
		{"metrics: for 7 days", p.Has(consent.Local) && value(environ, "SPANPIPE_KEEP") == "7d"},
		{"~/.local/state/spanpipe/key", p.Has(consent.Local) || value(environ, "SPANPIPE_USER") == "hash"},
		{"spanpipe sends none of it anywhere.", !sent && !page},
		{"secret", false}, {"token", false},
	} {
		if got := strings.Contains(where, c.text); got != c.want {
			t.Errorf("%q is there: %v, want %v in:\n%s", c.text, got, c.want, where)
		}
	}
}

// TestPrivacyTextHasWhatConsentShows: what "spanpipe consent" shows as collected and never collected is in the text, but for what the
// text says in words of its own.
func TestPrivacyTextHasWhatConsentShows(t *testing.T) {
	environ := []string{"SPANPIPE_TELEMETRY=local,otlp", "SPANPIPE_USER=hash", "SPANPIPE_METRICS_CLIENT=on", "HOME=" + t.TempDir()}
	text, _, _ := runCommand(t, environ, "consent", "--markdown")
	shown, _, _ := runCommand(t, environ, "consent")
	_, shown, _ = strings.Cut(shown, "\nWhat is collected\n")
	lines, missing := 0, []string{}
	for line := range strings.Lines(shown) {
		if item, ok := strings.CutPrefix(line, "   "); ok {
			lines++
			if item = strings.TrimSpace(item); !strings.Contains(text, "- "+item) {
				missing = append(missing, item)
			}
		}
	}
	// The levels, with their words, and the place of the key; checkContent has them. And one line is split.
	if lines < 30 || slices.ContainsFunc(missing, func(item string) bool {
		level, _, _ := strings.Cut(item, ":")
		return !slices.Contains(consent.Levels(), consent.Level(level)) && !strings.HasPrefix(item, "instructions of servers") &&
			!strings.HasSuffix(item, "/key") && item != "spanpipe preview -- your-server"
	}) {
		t.Errorf("of %d lines these are missing: %q", lines, missing)
	}
}

// TestPrivacyTextIsTheSameEverywhere: neither the machine, nor its user, nor what its user has forbidden changes the text.
func TestPrivacyTextIsTheSameEverywhere(t *testing.T) {
	shipped := []string{"SPANPIPE_TELEMETRY=local,otlp,prometheus", "SPANPIPE_CAPTURE=errors", "SPANPIPE_USER=hash"}
	want, _, code := runCommand(t, shipped, "consent", "--markdown", "--opt-in", "WEATHER_TELEMETRY=1")
	if code != 0 || !strings.Contains(want, "set `WEATHER_TELEMETRY=1`") {
		t.Fatalf("exit code %d: %s", code, want)
	}
	home := t.TempDir()
	for _, machine := range [][]string{
		{"HOME=" + home, "USER=ann"}, {"DO_NOT_TRACK=1"}, {"OTEL_SDK_DISABLED=true"}, {"HTTPS_PROXY=http://proxy.example:3128"},
	} {
		got, _, _ := runCommand(t, append(machine, shipped...), "consent", "--markdown", "--opt-in", "WEATHER_TELEMETRY=1")
		if got != want {
			t.Errorf("with %q:\n%s\nwithout:\n%s", machine, got, want)
		}
	}
	for _, own := range []string{"SPANPIPE_DIR=" + home, "SPANPIPE_HASH_KEY_FILE=" + home + "/key", "SPANPIPE_ADMIN_ADDR=unix:" + home + "/x",
		"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT=unix://" + home + "/y"} {
		got, _, code := runCommand(t, append([]string{own}, shipped...), "consent", "--markdown")
		if code != 0 || strings.Contains(got, home) || got == want {
			t.Errorf("with %s, exit code %d:\n%s", own, code, got)
		}
	}
}

// TestPrivacyTextRefuses: there is no text for what is off, cannot be sent, or cannot be read.
func TestPrivacyTextRefuses(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte("metrics:\n  - name: x y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		environ []string
		args    []string
		want    string
	}{
		{nil, nil, "no telemetry to describe: SPANPIPE_TELEMETRY is not set"},
		{[]string{"SPANPIPE_TELEMETRY=otlp,off"}, nil, "SPANPIPE_TELEMETRY is off"},
		{[]string{"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=otel.example"}, nil, "no destination to describe: OTEL_EXPORTER_OTLP_ENDPOINT"},
		{[]string{"SPANPIPE_TELEMETRY=otlp", "SPANPIPE_METRIC_RULES=" + rules}, nil, "has mistakes"},
		{[]string{"SPANPIPE_TELEMETRY=otlp", "SPANPIPE_METRIC_RULES=/does/not/exist"}, nil, "no metric rules to describe"},
		{[]string{"SPANPIPE_TELEMETRY=otlp"}, []string{"--opt-in", "yes, please"}, "--opt-in: want NAME=VALUE"},
		{[]string{"SPANPIPE_TELEMETRY=otlp"}, []string{"--json"}, "--markdown and --json exclude each other"},
	} {
		out, stderr, code := runCommand(t, test.environ, append([]string{"consent", "--markdown"}, test.args...)...)
		if code != 2 || out != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%q %q: exit code %d, stdout %q, stderr %q, want %q", test.environ, test.args, code, out, stderr, test.want)
		}
	}
	if _, stderr, code := runCommand(t, nil, "consent", "--opt-in", "A=1"); code != 2 || !strings.Contains(stderr, "--opt-in needs --markdown") {
		t.Errorf("--opt-in alone: exit code %d, stderr %q", code, stderr)
	}
}
