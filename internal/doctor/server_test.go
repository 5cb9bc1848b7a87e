package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/doctor"
)

// TestServer plants each fault in a server that is well otherwise.
func TestServer(t *testing.T) {
	for _, test := range []struct {
		name    string
		plant   func(*doctor.Server)
		want    string // parts, one a line
		missing string // is not there
	}{
		{"well", func(*doctor.Server) {}, "ok answer: answers initialize 120ms after its start, protocol 2025-11-25\n" +
			"ok lists: 3 tools on 2 pages, 1 prompt; 1.2 kB, ≈300 tokens (±10 %), listed in 20ms\nok stdout: nothing but messages on stdout\n" +
			"ok end: ends 10ms after its input\nok versions: answers an unknown protocol version with 2025-11-25\nok term: ends 5.0ms after SIGTERM\n" +
			"ok orphans: leaves no process behind", "warn|fail"},
		{"cannot start", func(s *doctor.Server) { *s = doctor.Server{Unable: "no such file", Hint: "install it"} },
			"fail start: cannot be started: no such file\n  install it", "ok"},
		{"slow", func(s *doctor.Server) { s.First.Answered = 12 * time.Second },
			"warn answer: answers initialize only 12.0s after its start", "ok answer"},
		{"ends", func(s *doctor.Server) {
			s.First, s.Second = &doctor.Run{Problem: "ends before it has answered", Ended: "exit code 3", Said: "Error: no key"}, nil
		}, `fail answer: ends before it has answered: exit code 3; on stderr: "Error: no key"`, "ok stdout|ok end|versions|term"},
		{"ignores stdin", func(s *doctor.Server) {
			s.First, s.Second = &doctor.Run{Problem: "does not answer initialize within 1s", NoAnswer: true, Ignored: true}, nil
		}, "fail answer: does not answer initialize within 1s, which it has not read: it ignores stdin", "lists"},
		{"is silent", func(s *doctor.Server) {
			s.First, s.Second = &doctor.Run{Problem: "does not answer initialize within 1s", NoAnswer: true}, nil
		}, "fail answer: does not answer initialize within 1s, which it has read", "lists"},
		{"refuses a list", func(s *doctor.Server) { s.First.Lists[0].Refused = `error -32601, "no"` },
			`fail lists: offers tools and does not list them: error -32601, "no"` + "\nok lists: 1 prompt; ", ""},
		{"refuses its only list", func(s *doctor.Server) { s.First.Lists = []doctor.List{{Noun: "tool", Refused: "error 1"}} },
			"fail lists: offers tools and does not list them: error 1\n  answer with an empty list", "ok lists"},
		{"has no lists", func(s *doctor.Server) { s.First.Lists = nil }, "ok lists: offers no tools, resources or prompts", ""},
		{"long descriptions", func(s *doctor.Server) { s.First.Lists[0].Long = strings.Fields("a b c d e f") },
			"warn descriptions: 6 descriptions over 2,048 characters, which Claude Code cuts there: a, b, c, d and 2 more", ""},
		{"a banner", func(s *doctor.Server) { s.First.Strays, s.First.Stray = 1, "Listening" },
			`fail stdout: writes to stdout a line that is not a message; it begins "Listening"` + "\n" +
				"  strict clients end the session there; write logs to stderr: console.error(…), not console.log(…)", "ok stdout"},
		{"a banner the second time", func(s *doctor.Server) { s.Second.Strays, s.Second.Stray = 2, "x" },
			`fail stdout: writes to stdout 2 lines that are not messages; the first begins "x"`, "ok stdout"},
		{"outlives its input", func(s *doctor.Server) { s.First.Forced, s.First.Took = "SIGTERM", 2*time.Second },
			"fail end: does not end when stdin ends; ended 2.00s later, by SIGTERM\n" +
				`  clients wait for that at each restart; to fix: process.stdin.on("end", () => process.exit(0))`, "ok end"},
		{"claims any version", func(s *doctor.Server) {
			s.Second.Protocol, s.Second.Problem = "2099-12-31", "the answer names a version"
		}, "fail versions: claims to speak the protocol version 2099-12-31, which does not exist", "ok versions"},
		{"speaks others", func(s *doctor.Server) {
			s.Others = []*doctor.Run{{Asked: "2025-06-18", Protocol: "2025-06-18"}, {Asked: "2025-03-26", Protocol: "2025-11-25"},
				{Asked: "2024-11-05", Problem: "refuses initialize"}}
		}, "warn speaks: opens no session for a client of 2024-11-05: refuses initialize\n" +
			"ok speaks: speaks 2025-11-25, 2025-06-18; answers 2025-03-26 with 2025-11-25", ""},
		{"a stray line that is a secret", func(s *doctor.Server) { s.First.Strays = 1 }, "fail stdout: writes to stdout a line that is not a message\n", "begins"},
		{"refuses a version", func(s *doctor.Server) { s.Second.Protocol, s.Second.Problem = "", "refuses initialize" },
			"warn versions: opens no session for a client with a newer protocol version: refuses initialize", ""},
		{"ignores SIGTERM", func(s *doctor.Server) { s.Second.Forced, s.Second.Took = "SIGKILL", 2*time.Second },
			"fail term: does not end at SIGTERM; ended 2.00s later, by SIGKILL", "ok term"},
		{"no signals", func(s *doctor.Server) { s.Signals = false }, "ok versions", "term:"},
		{"leaves a process", func(s *doctor.Server) { s.First.Left = []doctor.Left{{Name: "chrome"}, {Name: "sh", Own: true}} },
			"fail orphans: leaves 2 processes behind: chrome, sh", "ok orphans"},
		{"leaves a daemon", func(s *doctor.Server) { s.First.Left = []doctor.Left{{Name: "gradle", Own: true}} },
			"warn orphans: leaves 1 process behind: gradle, in a session of its own", "ok orphans"},
		{"npx leaves its server", func(s *doctor.Server) { s.Second.Left = []doctor.Left{{Name: "node"}} },
			"warn orphans: at SIGTERM it leaves 1 process behind: node\n  npx does not pass on the signal", "ok orphans"},
		{"orphans are not seen", func(s *doctor.Server) { s.Orphans = false }, "ok term", "orphans"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := wellServer()
			test.plant(s)
			got := lines(s.Check())
			for want := range strings.SplitSeq(test.want, "\n") {
				if !strings.Contains(got, want) {
					t.Errorf("got\n%s\nwithout %s", got, want)
				}
			}
			for missing := range strings.SplitSeq(test.missing, "|") {
				if missing != "" && strings.Contains(got, missing) {
					t.Errorf("got\n%s\nwith %s", got, missing)
				}
			}
		})
	}
}

func wellServer() *doctor.Server {
	return &doctor.Server{
		Command: []string{"npx", "-y", "server"}, Signals: true, Orphans: true,
		First: &doctor.Run{Name: "server 1.0", Protocol: "2025-11-25", Answered: 120 * time.Millisecond, Took: 10 * time.Millisecond, Lists: []doctor.List{
			{Noun: "tool", Length: 3, Pages: 2, Bytes: 1000, Tokens: 250, Took: 15 * time.Millisecond},
			{Noun: "prompt", Length: 1, Pages: 1, Bytes: 200, Tokens: 50, Took: 5 * time.Millisecond},
		}},
		Second: &doctor.Run{Asked: "2099-12-31", Protocol: "2025-11-25", Took: 5 * time.Millisecond},
	}
}

// TestRuntimeOf: advice fits the language of the server.
func TestRuntimeOf(t *testing.T) {
	for command, want := range map[string]string{
		"npx -y server": "Node", `C:\node\npx.cmd server`: "Node", "/usr/bin/env python3 -m server": "Python", "uvx x": "Python", "./build/index.js": "Node",
		"server.py": "Python", "docker run -i x": "Docker", "java -jar server.jar": "Java", "./server": "",
	} {
		got := doctor.RuntimeOf(strings.Fields(command))
		if got.Name != want || got.Log == "" || got.End == "" || got.Term == "" {
			t.Errorf("%s: %+v, want %q", command, got, want)
		}
	}
}
