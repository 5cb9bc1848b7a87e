package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// doctorOn runs "spanpipe doctor" with a server.
func doctorOn(t *testing.T, flags []string, server ...string) (stdout, stderr string, code int) {
	t.Helper()
	place := newHome(t)
	stdout, stderr, code = place.spanpipe(t, []string{"SPANPIPE_TELEMETRY=local"}, slices.Concat([]string{"doctor", "--grace=30s"}, flags, []string{"--"}, server)...)
	if left := place.left(t); len(left) > 0 {
		t.Errorf("leaves %v", left)
	}
	return stdout, stderr, code
}

// TestDoctorServer uses servers that are well, and servers that have a fault.
func TestDoctorServer(t *testing.T) {
	signals := runtime.GOOS != "windows"
	for _, test := range []struct {
		name   string
		flags  []string
		server []string
		code   int
		want   string // parts, one a line
	}{
		{"well", nil, demoServer(t), 0, "demo-server 1.0.0\n  ok    answers initialize \n  ok    5 tools, 1 resource, 1 prompt; \n" +
			"  ok    nothing but messages on stdout\n after its input\n  ok    speaks 2025-11-25; answers 2025-06-18 with 2025-11-25\n  ok    answers an unknown protocol version with 2025-11-25\nNothing failed. "},
		{"an SDK's", nil, cast.As(t, "sdk"), 0, "sdk-server 7.8.9\n after its input\nNothing failed"},
		{"a banner", nil, cast.As(t, "unruly", "banner"), 1, `  fail  writes to stdout a line that is not a message; it begins "Server listening on…"` + "\n1 failed. "},
		{"outlives its input", []string{"--grace=500ms"}, cast.As(t, "unruly", "outlives"), 1, "  fail  does not end when stdin ends; ended \n failed. "},
		{"says nothing", []string{"--timeout", "500ms"}, cast.As(t, "unruly", "silent"), 1,
			"The server\n  fail  does not answer initialize within 500ms\n  ok    ends \n1 failed. "},
		{"reads nothing", []string{"--timeout", "5s", "--grace=500ms"}, cast.As(t, "unruly", "deaf"), 1,
			"  fail  does not answer initialize within 5s, which it has" + map[bool]string{true: " not read: it ignores stdin"}[runtime.GOOS == "linux"] +
				"\n  fail  does not end when stdin ends; \n2 failed. "},
		{"sends back what it reads", nil, cast.As(t, "unruly", "echo"), 1, "The server\n  fail  it sends back what it is sent, so it is no MCP server\n1 failed. "},
		{"claims any version", nil, cast.As(t, "unruly", "claims"), 1, "  fail  claims to speak the protocol version 2099-12-31, which does not exist\n1 failed. "},
		{"is called a secret", nil, cast.As(t, "unruly", "called"), 0, "[redacted:name] 1.0.0\n  ok    answers initialize \n"},
		{"has endless lists", nil, cast.As(t, "unruly", "endless"), 1, "  fail  tools/list leads to further pages without an end: 1000 so far\n"},
		{"has descriptions as long as may be", nil, cast.As(t, "unruly", "describes", "1024"), 0, "Nothing failed. "},
		{"has a longer description", nil, cast.As(t, "unruly", "describes", "1025"), 0, // of twice as many UTF-16 units, as Claude Code counts
			"  warn  1 description over 2,048 characters, which Claude Code cuts there: book_hotel\nNothing failed, 1 warning. "},
		{"closes stdout", []string{"--grace=500ms"}, cast.As(t, "unruly", "closes"), 1,
			"  fail  closes stdout before it has answered initialize\n  fail  does not end when stdin ends; \n2 failed. "},
		{"fails, with a secret", nil, cast.As(t, "unruly", "secret"), 1, "  fail  ends before it has answered initialize: exit code 3 after "},
		{"leaves a process", []string{"--grace=500ms"}, cast.As(t, "unruly", "parent"), 1, "  fail  leaves 1 process behind\n failed. "},
		{"ignores SIGTERM", []string{"--grace=500ms"}, cast.As(t, "unruly", "stubborn"), 1, "  fail  does not end at SIGTERM; ended \n, by SIGKILL\n failed. "},
		{"does not exist", nil, []string{"no-such-server"}, 1, "The server\n  fail  cannot be started: \n1 failed. "},
	} {
		if test.name == "ignores SIGTERM" && !signals {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := doctorOn(t, test.flags, test.server...)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			for want := range strings.SplitSeq(test.want, "\n") {
				if !strings.Contains(stdout, want) {
					t.Errorf("stdout\n%s\nwithout %q; stderr %s", stdout, want, stderr)
				}
			}
			if strings.Contains(stdout+stderr, "ghp_") {
				t.Errorf("shows a secret:\n%s%s", stdout, stderr)
			}
			if test.code == 0 && strings.Contains(stdout, "after SIGTERM") != signals {
				t.Errorf("stdout\n%s\nsignals %v", stdout, signals)
			}
		})
	}
}

// TestDoctorJSON: what programs get is the example in docs/json.md: a home with a client's files that have faults, a collector that is
// there, and no other.
func TestDoctorJSON(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its paths differ; the checks have tests of their own")
	}
	place := newHome(t)
	home := filepath.Join(place.root, "home")
	program := filepath.Join(home, ".nvm/versions/node/v24.9.0/bin/spanpipe")
	if err := errors.Join(os.MkdirAll(filepath.Dir(program), 0o700), os.Symlink(binary(t), program)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		".codex/config.toml": "[mcp_servers.tickets]\ncommand = \"" + program + "\"\nargs = [\"--\", \"no-such-server\"]\n" +
			"env = { SPANPIPE_TELEMETRY = \"local\" }\n",
		".codeium/windsurf/mcp_config.json": "{\n  \"mcpServers\": {\n    \"a\": {}\n    \"b\": {}\n  }\n}\n",
	} {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := otlptest.Start(t, otlptest.Config{})
	got, stderr, code := place.spanpipe(t, []string{
		"SPANPIPE_TELEMETRY=local,otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=" + r.Endpoint(otlptest.HTTP),
	}, "doctor", "--json")
	if code != 1 || stderr != "" {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
	if spans := r.Spans(); len(spans) > 0 {
		t.Errorf("the probe has sent %d spans", len(spans))
	}
	var all struct{ Groups []json.RawMessage }
	if err := json.Unmarshal([]byte(got), &all); err != nil || len(all.Groups) != 3 {
		t.Fatalf("%d groups, %v", len(all.Groups), err)
	}
	if !strings.Contains(string(all.Groups[1]), "accepts an empty request") {
		t.Errorf("the collector is not reached: %s", all.Groups[1])
	}
	// The example has the clients alone: the rest is that of this machine.
	got = inHome(t, string(all.Groups[0]), place)
	var out bytes.Buffer
	text := fmt.Sprintf(`{"version": 1, "failed": %d, "warnings": %d, "groups": [%s]}`,
		strings.Count(got, `"status": "fail"`), strings.Count(got, `"status": "warn"`), got)
	if err := json.Indent(&out, []byte(text), "", "  "); err != nil {
		t.Fatal(err)
	}
	indented := out.String() + "\n"
	golden := filepath.Join("testdata", "json", "doctor.json")
	if *updateJSON {
		if err := os.WriteFile(golden, []byte(indented), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != indented {
		t.Errorf("%s differs (%v); it would be\n%s\nrewrite it with: go test ./cmd_test -run TestDoctorJSON -update-json", golden, err, indented)
	}
}

// TestDoctorSlowPages: the pages of a list have one time for all, so that doctor ends.
func TestDoctorSlowPages(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := doctorOn(t, nil, cast.As(t, "unruly", "leisurely")...)
	if code != 1 || !strings.Contains(stdout, "  fail  tools/list has further pages after 30s: ") {
		t.Errorf("exit code %d, want 1: %s%s", code, stdout, stderr)
	}
}

// TestDoctorSecrets: secrets in a client's file, in its entries, in a server's command and in what the server writes are never
// shown, not to programs either.
func TestDoctorSecrets(t *testing.T) {
	const key, token, password = "sk-live-51Hk0a9cQ7bWmZt8", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "hunter2hunter2"
	spanpipe := func(rest string) string { return `{"command": "/opt/spanpipe", "args": ["--", ` + rest + `}` }
	entries := map[string]string{
		"line":    `{"command": "npx -y server --api-key=` + key + `"}`,
		"args":    `{"command": "npx", "args": "--token=` + token + `"}`,
		"both":    `{"command": "npx", "url": "https://kim:` + password + `@x.example/mcp?token=` + token + `"}`,
		"remote":  `{"url": "https://kim:` + password + `@x.example", "headers": {"Authorization": "Bearer ` + token + `"}}`,
		token:     `{"command": "npx"}`,
		"shell":   spanpipe(`"API_KEY=` + key + `", "npx"]`),
		"wrapped": spanpipe(`"no-such-server --api-key=` + key + `"]`),
		"path":    spanpipe(`"/opt/` + token + `/server"]`),
		"sends": spanpipe(`"npx", "--token", "` + token + `"], "env": {"API_KEY": "` + key + `", "SPANPIPE_TELEMETRY": "otlp",
			"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT": "http://kim:` + password + `@127.0.0.1:1/` + token + `",
			"SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20` + key + `"}`),
		"invalid": spanpipe(`"npx"], "env": {"SPANPIPE_TELEMETRY": "otlp", "SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT": "` + password + " " + key + `",
			"SPANPIPE_OTEL_EXPORTER_OTLP_PROTOCOL": "` + token + `"}`),
	}
	var all []string
	for name, entry := range entries {
		all = append(all, `"`+name+`": `+entry)
	}
	place := newHome(t)
	for name, text := range map[string]string{
		".cursor/mcp.json":                  `{"mcpServers": {` + strings.Join(all, ",\n") + "}}\n",
		".codex/config.toml":                "[mcp_servers.a]\nenv = { K = \"" + key + "\" x }\n",
		".config/goose/config.yaml":         "extensions:\n  a:\n    envs: {K: " + key + "\n",
		".codeium/windsurf/mcp_config.json": `{"mcpServers": {"a": {"env": {"K": ` + key + `}}}}`,
	} {
		path := filepath.Join(place.root, "home", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"clients":                   {nil, "no-such-server --api-key=[redacted:"},
		"a command":                 {[]string{"--", "no-such-server --api-key=" + key}, "cannot be started"},
		"a path":                    {[]string{"--", "/opt/" + token + "/server"}, "cannot be started"},
		"what it writes at its end": {slices.Concat([]string{"--"}, cast.As(t, "unruly", "secret")), "exit code 3"},
		"what it is called":         {slices.Concat([]string{"--"}, cast.As(t, "unruly", "called")), "[redacted:name]"},
		"what it refuses":           {slices.Concat([]string{"--"}, cast.As(t, "unruly", "refuses", key)), "refuses initialize"},
		"a banner":                  {slices.Concat([]string{"--"}, cast.As(t, "unruly", "says", token)), "writes to stdout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, flags := range [][]string{{"doctor", "--grace=30s"}, {"doctor", "--grace=30s", "--json"}} {
				stdout, stderr, code := place.spanpipe(t, []string{
					"SPANPIPE_TELEMETRY=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://kim:" + password + "@127.0.0.1:1/" + token, "OTEL_EXPORTER_OTLP_HEADERS=x-key=" + key,
				}, slices.Concat(flags, test.args)...)
				if code > 1 || !strings.Contains(stdout, test.want) {
					t.Errorf("exit code %d, want %q: %s%s", code, test.want, stdout, stderr)
				}
				for _, secret := range []string{key, token, password} {
					if strings.Contains(stdout+stderr, secret[:len(secret)-3]) {
						t.Errorf("shows %s:\n%s%s", secret, stdout, stderr)
					}
				}
			}
		})
	}
}
