package cmd_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// canarySteps reads a session with planted secrets. Each line begins with ">", "<" or "!" (stderr); one without continues
// the secret before it. Parts that a cut separates become steps of their own, and so does a line that ends in a backslash
// and has no newline.
func canarySteps(text string) []mcptest.Step {
	sources := map[byte]mcptest.Source{'>': mcptest.FromClient, '<': mcptest.FromServer, '!': mcptest.FromStderr}
	var steps []mcptest.Step
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "":
		case !strings.HasPrefix(line, "> ") && !strings.HasPrefix(line, "< ") && !strings.HasPrefix(line, "! "):
			steps[len(steps)-1].Text += line + "\n"
		default:
			said, open := strings.CutSuffix(line[2:], `\`)
			if !open {
				said += "\n"
			}
			for part := range strings.SplitSeq(said, cut) {
				steps = append(steps, mcptest.Step{From: sources[line[0]], Text: part})
			}
		}
	}
	return steps
}

// playCanary is a server that plays its part of the session in a file. It must read the session as written there, and must
// not see spanpipe's own variables in its environment.
func playCanary(args []string) int {
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "SPANPIPE_") {
			return 98
		}
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return 97
	}
	err = mcptest.PlayServer(slices.Values(canarySteps(string(text))), os.Stdin, os.Stdout, os.Stderr)
	if err == nil {
		err = mcptest.AtEOF(os.Stdin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 96
	}
	return 0
}

// script is the session with all that is planted in it and around it.
type script struct {
	*planted
	file   string
	steps  []mcptest.Step
	around map[string]string // secrets of the environment and the command line, by name
}

// around is what is planted outside of the session: environment, command line, settings.
const around = `
# the environment
AWS_ACCESS_KEY_ID=[[aws]]
GITHUB_TOKEN=[[github]]
DATABASE_URL=[[connection]]
PLAIN=[[opaque]]
BEARER=[[opaque]]
TRACESTATE=vendor=[[gitlab]]
# the user
USER=[[person]]
# the command line
argument=[[opaque]]
option=[[stripe]]
address=[[email]]
# rules for redaction
RULE=[[opaque]]
`

func newScript(t *testing.T) *script {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "canary", "session.txt"))
	if err != nil {
		t.Fatal(err)
	}
	s := &script{planted: plant(t, string(text)+edges()+around), around: map[string]string{}}
	said, outside, _ := strings.Cut(s.text, "\nAWS_")
	for line := range strings.Lines("AWS_" + outside) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			s.around[name] = value
		}
	}
	s.steps = canarySteps(said)
	s.file = filepath.Join(t.TempDir(), "session")
	if err := os.WriteFile(s.file, []byte(said), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// edges is calls that have secrets all along the edge of what a SPANPIPE_CAPTURE_MAX of 64 lets through, and of the window,
// somewhat larger, that is copied for it.
func edges() string {
	var b strings.Builder
	id := 1000
	b.WriteString("\n# the edge of what is captured\n")
	for pad := 2; pad < 90; pad += 8 {
		for _, kind := range []string{"github", "email", "phone", "card", "connection"} {
			text := strings.Repeat("ab ", (pad+len(kind))/3) + strings.Repeat("x", (pad+len(kind))%3) + " [[" + kind + "]]"
			id++
			fmt.Fprintf(&b, `> {"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"t","arguments":{"a":"%s"}}}`+"\n", id, text)
			fmt.Fprintf(&b, `< {"jsonrpc":"2.0","id":%d,"result":{"content":[{"text":"%s","type":"text"}],"isError":true}}`+"\n", id, text)
			fmt.Fprintf(&b, `< {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%s"}}`+"\n", text)
			fmt.Fprintf(&b, "! %s\n", text)
		}
	}
	return b.String()
}

// run has the session with a command that stands for the server, in a place of its own, and returns the host when all is
// said. The client's side is checked against the script, byte for byte.
func (s *script) run(t *testing.T, before []string, variables ...string) (*mcptest.Host, home) {
	t.Helper()
	place := newHome(t)
	server := cast.As(t, "canary", s.file, s.around["argument"], "--token="+s.around["option"], s.around["address"])
	h := mcptest.Open(t, slices.Concat(before, []string{"--"}, server), place.in(slices.Concat([]string{
		"AWS_ACCESS_KEY_ID=" + s.around["AWS_ACCESS_KEY_ID"], "GITHUB_TOKEN=" + s.around["GITHUB_TOKEN"],
		"DATABASE_URL=" + s.around["DATABASE_URL"], "PLAIN=" + s.around["PLAIN"], "USER=" + s.around["USER"],
		"TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "TRACESTATE=" + s.around["TRACESTATE"],
		"SPANPIPE_USER=hash", "SPANPIPE_METRICS_CLIENT=on", // USER is planted
		"SPANPIPE_REDACT=own=" + s.around["RULE"], "SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20" + s.around["BEARER"],
	}, variables)...), func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "PWD="+cmd.Dir) })
	h.Play(s.steps)
	return h, place
}

// end lets both sides leave.
func (s *script) end(t *testing.T, h *mcptest.Host) {
	t.Helper()
	h.CloseInput()
	if rest := h.Rest(); rest != "" {
		t.Errorf("stdout goes on with %q", rest)
	}
	if code := h.Wait().ExitCode(); code != 0 {
		t.Fatalf("exit code %d; stderr: %s", code, h.Stderr)
	}
}

// ours is what is on stderr besides what the server has written there.
func (s *script) ours(t *testing.T, h *mcptest.Host) []byte {
	t.Helper()
	text := h.Stderr.String()
	for _, step := range s.steps { // the steps of one line may have lines of ours between them
		if step.From != mcptest.FromStderr {
			continue
		}
		if !strings.Contains(text, step.Text) {
			t.Fatalf("the server's %q is not on stderr: %s", step.Text, text)
		}
		text = strings.Replace(text, step.Text, "", 1)
	}
	return []byte(text)
}

// machine is what no run may tell of the machine: where things are, whose they are.
func (s *script) machine(place home) []canary {
	self, _ := os.Executable()
	all := []canary{
		{"path", "the directories of the process", []string{place.root}},
		{"path", "the server's program", []string{filepath.Dir(self)}},
		{"path", "the server's arguments", []string{filepath.Dir(s.file)}},
	}
	if host, err := os.Hostname(); err == nil && len(host) >= headSize {
		all = append(all, canary{"host", "the machine", []string{host}})
	}
	return all
}

// arrived checks what a receiver has got, or a preview has shown: no secret, and of the markers exactly those of the levels.
func (s *script) arrived(t *testing.T, where string, text []byte, levels []string, whole bool) {
	t.Helper()
	for _, m := range s.markers {
		want := m.levels[0] == "always" || slices.ContainsFunc(m.levels, func(l string) bool { return slices.Contains(levels, l) })
		if got := bytes.Contains(text, []byte(m.word)); got != want && (got || whole) {
			t.Errorf("%s: the marker %s of %q, planted in: %s, is there: %v", where, m.word, m.levels, m.place, got)
		}
	}
}

// everyLevel is SPANPIPE_CAPTURE with all there is to ask for.
var everyLevel = []string{"errors", "arguments", "results", "prompts", "uris", "messages", "stderr", "definitions"}

// TestCanary has the session with every level of capture alone, with none and with all, and looks for the secrets in
// everything that leaves the process: OTLP over both protocols, the console, its own log in both formats, the page of
// metrics, files.
func TestCanary(t *testing.T) {
	s := newScript(t)
	type run struct {
		name    string
		levels  []string
		keys    string
		max     string
		another bool // over the other protocol, in the other format of the log
	}
	runs := []run{{name: "none"}, {name: "none, other protocol", another: true}, {name: "all", levels: everyLevel}, {name: "all, other protocol", levels: everyLevel, another: true}}
	for i, level := range everyLevel {
		runs = append(runs, run{name: level, levels: []string{level}, another: i%2 == 0})
	}
	for i, most := range []string{"64", "72", "100", "333", "65536"} {
		runs = append(runs, run{name: "all, at most " + most, levels: everyLevel, max: most, another: i%2 == 0})
	}
	runs = append(runs, run{name: "some members", levels: everyLevel, keys: "a,note,content.text"})
	for _, run := range runs {
		t.Run(run.name, func(t *testing.T) {
			t.Parallel()
			protocol, format := otlptest.GRPC, "text"
			if run.another {
				protocol, format = otlptest.HTTP, "json"
			}
			r := otlptest.Start(t, otlptest.Config{})
			capture := strings.Join(run.levels, ",")
			if run.keys != "" {
				capture += ",keys:" + run.keys
			}
			h, place := s.run(t, []string{binary(t), "--log-level=debug"}, append(r.Env(protocol),
				"SPANPIPE_TELEMETRY=otlp,console,prometheus,local", "SPANPIPE_CAPTURE="+capture, "SPANPIPE_CAPTURE_MAX="+run.max,
				"SPANPIPE_LOG_FORMAT="+format, "SPANPIPE_OTLP_LOG_LEVEL=debug", "SPANPIPE_ADMIN_ADDR=127.0.0.1:0",
				"SPANPIPE_PROPAGATE=env", "SPANPIPE_FLUSH_TIMEOUT=20s")...)
			page := metricsPage(t, h)
			s.end(t, h)

			secrets := newSearch(append(s.machine(place), s.canaries...))
			var sent bytes.Buffer
			for _, request := range r.Requests() {
				sent.Write(request.Body)
				secrets.in(t, string(request.Signal)+" over "+string(protocol), request.Body)
				for key, values := range request.Header {
					if !strings.EqualFold(key, "authorization") {
						secrets.in(t, "header "+key, []byte(key+strings.Join(values, " ")))
					} else if want := "Bearer " + s.around["BEARER"]; values[0] != want {
						t.Errorf("the receiver's credentials are %q, want %q", values, want)
					}
				}
			}
			secrets.in(t, "stderr", s.ours(t, h))
			secrets.in(t, "/metrics", page)
			s.arrived(t, "OTLP", sent.Bytes(), run.levels, run.max == "" && run.keys == "")
			s.arrived(t, "/metrics", page, nil, false)
			s.stored(t, place, secrets, run.levels, run.max == "" && run.keys == "")
		})
	}
}

// recognizable returns the secrets that redaction recognizes by their form.
func (s *script) recognizable() []canary {
	return slices.DeleteFunc(slices.Clone(s.canaries), func(c canary) bool { return c.kind == "opaque" })
}

// stored checks the only files that may be left behind, those of the store. They hold no secret, and content stands in
// content.jsonl alone, but for the texts of definitions: these have a file of their own.
func (s *script) stored(t *testing.T, place home, secrets *search, levels []string, whole bool) {
	t.Helper()
	var content, texts, rest []byte
	for _, name := range place.left(t) {
		info, err := os.Stat(place.root + name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "/home/.local") {
			t.Errorf("left behind: %s", name)
		}
		if info.IsDir() {
			continue
		}
		text, err := os.ReadFile(place.root + name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".texts.json") {
			texts = append(texts, text...)
			continue
		}
		secrets.in(t, "the stored file "+filepath.Base(name), text)
		if filepath.Base(name) == "content.jsonl" {
			content = append(content, text...)
		} else {
			rest = append(rest, text...)
		}
	}
	s.arrived(t, "the store", slices.Concat(rest, content), levels, whole)
	s.arrived(t, "the store without content.jsonl", rest, nil, true)
	newSearch(append(s.machine(place), s.recognizable()...)).in(t, "the texts of definitions", texts)
	count := 0
	for _, m := range s.markers {
		switch kept := bytes.Contains(texts, []byte(m.word)); {
		case kept && slices.Equal(m.levels, []string{"never", "texts"}):
			count++
		case kept && m.levels[0] != "always": // a name
			t.Errorf("the marker %s of %q, planted in: %s, is in the texts of definitions", m.word, m.levels, m.place)
		}
	}
	want := 0
	if slices.Contains(levels, "definitions") {
		want = 4 // a tool's description, a prompt's, and instructions in both kinds of handshake
	}
	if count != want {
		t.Errorf("%d texts of definitions are kept, want %d: %s", count, want, texts)
	}
}

var servedOn = regexp.MustCompile(`(?:address=|"address":")(127\.0\.0\.1:\d+)`)

// metricsPage reads the page of metrics of a session that runs.
func metricsPage(t *testing.T, h *mcptest.Host) []byte {
	t.Helper()
	var m []string
	mcptest.Eventually(t, "stderr says where metrics are served", func() bool {
		m = servedOn.FindStringSubmatch(h.Stderr.String())
		return m != nil
	})
	var page []byte
	mcptest.Eventually(t, "the page shows the last call", func() bool {
		response, err := http.Get("http://" + m[1] + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close() // it has been read
		page, err = io.ReadAll(response.Body)
		return err == nil && bytes.Contains(page, []byte("mcp_server_operation_duration"))
	})
	return page
}
