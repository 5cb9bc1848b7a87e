package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// callsOfEverything are asked of the reference server; fewer of each than durations are judged by, since this machine may be busy in one session
// and not in the other.
const callsOfEverything = `calls:
  - {call: echo, arguments: {message: hello}}
  - {call: echo, arguments: {message: hello}}
  - {call: get-sum, arguments: {a: 1, b: 2}}
  - {call: get-structured-content, arguments: {location: New York}}
  - {call: get-tiny-image}
  - {call: no-such-tool}
  - {prompt: simple-prompt}
`

// TestPeersDiff: two sessions with one real server do not differ, neither as recordings nor as the store has them, nor does a session
// from its recording.
func TestPeersDiff(t *testing.T) {
	p := newPeers(t)
	for name, calls := range map[string]string{"server-everything": callsOfEverything, "server-memory": "calls: [{call: read_graph}]\n"} {
		t.Run(name, func(t *testing.T) {
			place := newHome(t)
			if err := os.WriteFile(filepath.Join(place.root, "cwd", "calls.yaml"), []byte(calls), 0o600); err != nil {
				t.Fatal(err)
			}
			variables := []string{"SPANPIPE_TELEMETRY=local", "MEMORY_FILE_PATH=" + filepath.Join(place.root, "memory.json")}
			for _, file := range []string{"a.jsonl", "b.jsonl"} {
				args := append([]string{"record", "--script", "calls.yaml", "-o", file, "--"}, p.server(name)...)
				if _, stderr, code := place.spanpipe(t, variables, args...); code != 0 {
					t.Fatalf("recording exits with %d: %s", code, stderr)
				}
			}
			for _, args := range [][]string{{"a.jsonl", "b.jsonl"}, {"b.jsonl", "last"}, {"last", "b.jsonl"}, {"last"}, {}} {
				stdout, stderr, code := place.spanpipe(t, nil, append([]string{"diff"}, args...)...)
				if code != 0 || stderr != "" || !strings.Contains(stdout, "\nNothing differs.\n") {
					t.Errorf("diff %v exits with %d:\n%s%s", args, code, stdout, stderr)
				}
			}
		})
	}
}
