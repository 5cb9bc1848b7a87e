package cmd_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// peerOlder is the Go SDK's conformance server in an earlier version.
const peerOlder = "SPANPIPE_TEST_OLDER"

// TestPeersReplay: recordings of real clients with real servers replay clean against the same version of the server, and show what
// is different in another one.
func TestPeersReplay(t *testing.T) {
	p := newPeers(t)
	state := t.TempDir()
	before := func(name string, args ...string) []string {
		return append([]string{p.node, filepath.Join(p.packages, name+"-before", "dist/index.js")}, args...)
	}
	for _, test := range []struct {
		topic         string // of client1.mjs
		client        []string
		server, other []string
		env           string
		shows         string // what is printed of the difference to the other version
	}{
		{"everything", nil, p.server("server-everything"), before("server-everything"), "ANYTHING=else",
			"tools/call echo  request 13\n  result content[0].text differs\n"},
		{"filesystem", nil, p.server("server-filesystem", state), before("server-filesystem", state), "",
			"  result tools[move_file].annotations.destructiveHint differs\n    - true\n    + false\n"},
		{"memory", nil, p.server("server-memory"), before("server-memory"), "MEMORY_FILE_PATH=" + filepath.Join(state, "memory.json"),
			"tools/call read_graph  request 10\n  result content[0].text.entities[0].type is new\n"},
		{"thinking", nil, p.server("server-sequential-thinking"), before("server-sequential-thinking"), "",
			"  result structuredContent is missing\n    - {\"thoughtNumber\":1,"},
		{"conformance", nil, []string{peerPath(t, peerConformant)}, []string{peerPath(t, peerOlder)}, "",
			"resources/read test://no/such  request 13\n  error code differs\n    - -32602\n    + -32002\n"},
		{"2026-07-28", []string{p.node, p.script("client2.mjs"), "2026-07-28"}, []string{p.node, p.script("server2.mjs")}, nil, "", ""},
	} {
		t.Run(test.topic, func(t *testing.T) {
			prepare := func(t *testing.T) {
				t.Helper()
				emptyDirectory(t, state)
			}
			file := filepath.Join(t.TempDir(), "session.jsonl")
			c := conversation{client: test.client, server: test.server, prepare: prepare, env: map[string]string{}}
			if c.client == nil {
				c.client = []string{p.node, p.script("client1.mjs"), test.topic}
			}
			if name, value, ok := strings.Cut(test.env, "="); ok {
				c.env[name] = value
			}
			t.Setenv("PEER_DIRECTORY", state)
			// A client of 2026-07-28 starts a server to ask for its version, and then another: the recording is the last one's.
			c.run(t, p, wrapping{command: []string{binary(t), "record", "--force", "-o", file, "--"}})

			prepare(t)
			if stdout, code := replayPeer(t, p, test.env, file, test.server); code != 0 || !strings.HasPrefix(stdout, "The same: ") {
				t.Errorf("against the same version, replay exits with %d:\n%s", code, stdout)
			}
			if test.other == nil {
				return
			}
			prepare(t)
			if stdout, code := replayPeer(t, p, test.env, file, test.other); code != 1 || !strings.Contains(stdout, test.shows) {
				t.Errorf("against another version, replay exits with %d, and does not show\n%s\n%s", code, test.shows, stdout)
			}
		})
	}
}

// replayPeer replays a recording to a server, in the environment in which the client starts it.
func replayPeer(t *testing.T, p peers, env, file string, server []string) (stdout string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), append([]string{"replay", "--timeout", "2m", file, "--"}, server...)...)
	cmd.Dir = p.scripts
	for _, pair := range os.Environ() {
		// Those that the SDKs' clients pass on.
		if name, _, _ := strings.Cut(pair, "="); slices.Contains(strings.Fields("LOGNAME PATH SHELL TERM USER GOCOVERDIR"), name) {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+p.scripts)
	if env != "" {
		cmd.Env = append(cmd.Env, env)
	}
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if exit := new(exec.ExitError); !errors.As(cmd.Run(), &exit) && cmd.ProcessState == nil {
		t.Fatalf("replay cannot be started: %s", problems.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}
