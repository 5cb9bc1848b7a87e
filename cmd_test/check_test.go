package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/recording"
)

// dialog is a session with a real server that is written down with times of its own: how fast the machine is does not show.
type dialog struct {
	t    *testing.T
	host *mcptest.Host
	out  *recording.Writer
	at   time.Duration
	asks int
}

func (d *dialog) write(e recording.Event) {
	d.t.Helper()
	e.At = d.at
	if err := d.out.Write(&e); err != nil {
		d.t.Fatal(err)
	}
}

// ask sends a request. Its answer comes after a time that is written; 0: there is none to wait for.
func (d *dialog) ask(takes time.Duration, method, params string) {
	d.t.Helper()
	d.asks++
	d.say(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`, d.asks, method, params))
	if takes == 0 {
		return
	}
	d.at += takes
	for {
		line := d.host.Line() + "\n"
		d.write(recording.Event{From: recording.Server, Data: []byte(line)})
		var answer struct{ ID json.RawMessage }
		if json.Unmarshal([]byte(line), &answer) == nil && string(answer.ID) == fmt.Sprint(d.asks) {
			return
		}
	}
}

func (d *dialog) say(message string) {
	d.t.Helper()
	d.at += time.Millisecond
	d.host.Say(message + "\n")
	d.write(recording.Event{From: recording.Client, Data: []byte(message + "\n")})
}

func (d *dialog) call(takes time.Duration, tool, arguments string) {
	d.t.Helper()
	d.ask(takes, "tools/call", fmt.Sprintf(`{"name":%q,"arguments":%s}`, tool, arguments))
}

// converse records a session with a server.
func converse(t *testing.T, file string, server []string, startup time.Duration, talk func(d *dialog)) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, err := recording.NewWriter(f, recording.Header{Started: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC), By: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	d := &dialog{t: t, host: mcptest.Open(t, server), out: out}
	d.ask(startup, "initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}`)
	d.say(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	d.ask(time.Millisecond, "tools/list", "{}")
	talk(d)
	select {
	case <-d.host.Ended(): // the test has ended it
	default:
		d.at += time.Millisecond
		d.write(recording.Event{From: recording.Client, End: recording.Whole})
		d.host.CloseInput()
	}
	d.host.Rest()
	d.write(recording.Event{From: recording.Server, End: recording.Whole})
	d.write(recording.Event{Exit: &recording.Exit{Code: max(d.host.Wait().ExitCode(), 0)}})
}

// offer is what the server of TestCheckRegressions offers.
type offer struct {
	Tools        []json.RawMessage `json:"tools"`
	Instructions string            `json:"instructions"`
}

func tool(name, description string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"name":%q,"description":%q,"inputSchema":{"type":"object","properties":{"text":{"type":"string"}}}}`,
		name, description))
}

// TestCheckRegressions: a real server with a planted regression of each kind fails the check for the right reason and for no other,
// and without one it passes. How fast it is, the recordings say.
func TestCheckRegressions(t *testing.T) {
	const usual = 20 * time.Millisecond
	const rules = "version: 1\nstartup: 1s\np95: 100ms\nresult_bytes: 10kB\ncontext_bytes: 4kB\ntool_bytes: 3kB\n" +
		"expect_tools: [echo, fail]\nforbid_tools: ['debug_*']\n"
	place := newHome(t)
	in := func(name string) string { return filepath.Join(place.root, "cwd", name) }
	for _, test := range []struct {
		name    string
		startup time.Duration
		rules   string
		offer   func(o *offer)
		talk    func(d *dialog)
		want    string // the rule that fails, and what it is about
	}{
		{name: "healthy"},
		{name: "startup", startup: 3 * time.Second, want: "startup"},
		{name: "slow", talk: func(d *dialog) {
			for range 5 {
				d.call(300*time.Millisecond, "size", `{"bytes":3}`)
			}
		}, want: "p95 size"},
		{name: "failure", talk: func(d *dialog) { d.call(usual, "fail", `{"text":"out of order"}`) }, want: "failures"},
		{name: "hung", talk: func(d *dialog) { d.call(0, "hang", `{}`); d.at += time.Minute }, want: "hung"},
		{name: "unanswered", talk: func(d *dialog) { d.call(0, "hang", `{}`) }, want: "unanswered"},
		{name: "violation", talk: func(d *dialog) { d.call(usual, "print", `{"raw":"{\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{}}\n"}`) }, want: "violations"},
		{name: "noise", talk: func(d *dialog) { d.call(usual, "print", `{"raw":"listening\n"}`) }, want: "noise"},
		{name: "crash", talk: func(d *dialog) { _ = d.host.Cmd.Process.Kill(); <-d.host.Ended() }, want: "exit"},
		{name: "large result", talk: func(d *dialog) { d.call(usual, "size", `{"bytes":20000}`) }, want: "result_bytes size"},
		{name: "dear tool", offer: func(o *offer) {
			o.Tools[1] = json.RawMessage(`{"name":"fail","inputSchema":{"type":"object","$comment":"` + strings.Repeat("x", 3000) + `"}}`)
		}, want: "tool_bytes fail"},
		{name: "more tools", offer: func(o *offer) {
			for i := range 40 {
				o.Tools = append(o.Tools, tool(fmt.Sprintf("more_%d", i), "More."))
			}
		}, want: "context_bytes"},
		{name: "long description", offer: func(o *offer) { o.Tools[0] = tool("echo", strings.Repeat("Echo. ", 400)) }, want: "description echo"},
		{name: "long instructions", offer: func(o *offer) { o.Instructions = strings.Repeat("Echo. ", 400) }, want: "description instructions"},
		{name: "missing tool", offer: func(o *offer) { o.Tools = o.Tools[:1] }, want: "expect_tools fail"},
		{name: "forbidden tool", offer: func(o *offer) { o.Tools = append(o.Tools, tool("debug_heap", "")) }, want: "forbid_tools debug_*"},
		{name: "definitions", rules: "baseline: healthy.json\n", offer: func(o *offer) { o.Tools[0] = tool("echo", "Echoes.") }, want: "baseline"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := offer{Tools: []json.RawMessage{tool("echo", "Echo."), tool("fail", "Fail.")}, Instructions: "Echo first."}
			if test.offer != nil {
				test.offer(&o)
			}
			offered, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			write(t, in("offers.json"), string(offered))
			write(t, in("rules.yaml"), rules+test.rules)
			file := test.name + ".jsonl"
			converse(t, in(file), cast.As(t, "offers", in("offers.json")), max(test.startup, usual), func(d *dialog) {
				for range 5 {
					d.call(usual, "echo", `{"text":"hello"}`)
				}
				if test.talk != nil {
					test.talk(d)
				}
			})
			if test.want == "" {
				place.checks(t, 0, "--baseline", "healthy.json", "--update-baseline", file)
				place.checks(t, 0, "--rules", "rules.yaml", "--baseline", "healthy.json", file)
				return
			}
			if got := place.failures(t, "--rules", "rules.yaml", file); !slices.Equal(got, []string{test.want}) {
				t.Errorf("fails %q, want %q", got, test.want)
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// checks runs "spanpipe check", which must exit with a code.
func (h home) checks(t *testing.T, want int, args ...string) (stdout string) {
	t.Helper()
	stdout, stderr, code := h.spanpipe(t, nil, append([]string{"check"}, args...)...)
	if code != want || stderr != "" {
		t.Fatalf("check %q exits with %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// failures returns which rules fail, and what for.
func (h home) failures(t *testing.T, args ...string) (all []string) {
	t.Helper()
	var out struct {
		Results []struct{ Rule, Name, State string }
	}
	text := h.checks(t, 1, append(args, "--json")...)
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.Results {
		if r.State == "failed" {
			all = append(all, strings.TrimSpace(r.Rule+" "+r.Name))
		}
	}
	return all
}

// TestCheckJSON: the example of docs/json.md is what is printed.
func TestCheckJSON(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/script/check.txtar")
	if err != nil {
		t.Fatal(err)
	}
	place := newHome(t)
	for _, f := range archive.Files {
		if f.Name == "worse.jsonl" || f.Name == "tight.yaml" {
			write(t, filepath.Join(place.root, "cwd", f.Name), string(f.Data))
		}
	}
	got := place.checks(t, 1, "--json", "--rules", "tight.yaml", "worse.jsonl")
	golden := filepath.Join("testdata", "json", "check.json")
	if *updateJSON {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != got {
		t.Errorf("%v; if that is meant: go test ./cmd_test -run TestCheckJSON -update-json\ngot:\n%s", err, got)
	}
}

// TestPeersCheck: real servers pass the rules and the baseline that are made from a session with them, and by the default rules.
func TestPeersCheck(t *testing.T) {
	p := newPeers(t)
	for name, test := range map[string]struct {
		server          []string
		tool, arguments string
	}{
		"everything": {p.server("server-everything"), "echo", `{"message":"hello"}`},
		"memory":     {p.server("server-memory"), "read_graph", `{}`},
		"filesystem": {p.server("server-filesystem", t.TempDir()), "list_allowed_directories", `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			place := newHome(t)
			t.Setenv("MEMORY_FILE_PATH", filepath.Join(place.root, "memory.json"))
			for _, file := range []string{"one.jsonl", "two.jsonl"} {
				converse(t, filepath.Join(place.root, "cwd", file), test.server, time.Second, func(d *dialog) {
					for range 6 {
						d.call(20*time.Millisecond, test.tool, test.arguments)
					}
				})
			}
			place.checks(t, 0, "one.jsonl")
			place.checks(t, 0, "--init", "one.jsonl")
			place.checks(t, 0, "--baseline", "definitions.json", "--update-baseline", "one.jsonl")
			all := place.checks(t, 0, "--all", "--baseline", "definitions.json", "two.jsonl")
			if !strings.Contains(all, "ok  baseline: 0 differences") || !strings.Contains(all, "ok  p95 "+test.tool) {
				t.Errorf("it is not judged whole:\n%s", all)
			}
		})
	}
}
