package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/demo"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// playUnruly is a server that does what it should not: it writes a banner to stdout, says nothing, reads nothing, outlives its
// input, ignores SIGTERM, leaves a process behind, fails with a secret, sends back what it reads, closes stdout, claims any version,
// has lists without an end, or slow ones, long descriptions, or names that are hostile, refuses a session, or says what it is given.
func playUnruly(args []string) int {
	if args[0] == "silent" {
		_, _ = io.Copy(io.Discard, os.Stdin) // it ends either way
		return 0
	}
	if args[0] == "deaf" {
		select {}
	}
	if args[0] == "secret" {
		fmt.Fprintln(os.Stderr, "token=ghp_16C7e42F292c6912E7710c838347Ae178B4a refused")
		return 3
	}
	if slices.Contains(args, "banner") {
		fmt.Println("Server listening on stdio")
	}
	in, out := io.Reader(os.Stdin), io.Writer(os.Stdout)
	switch args[0] {
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
	case "parent":
		child := exec.Command(os.Args[0], os.Args[1:]...)
		child.Args[len(child.Args)-1] = "deaf"
		if child.Start() != nil {
			return 1
		}
	case "echo":
		_, _ = io.Copy(os.Stdout, os.Stdin)
		return 0
	case "closes":
		_ = os.Stdout.Close()
		select {}
	case "hostile":
		out = renamed{out, "find_trains", `\u001b]0;x\u0007\u202e`}
	case "called":
		out = renamed{out, "demo-server", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"}
	case "claims":
		first, _ := bufio.NewReaderSize(os.Stdin, 1).ReadString('\n') // what comes later is no part of it
		asked := regexp.MustCompile(`"protocolVersion":"[-\d]+"`).FindString(first)
		in, out = io.MultiReader(strings.NewReader(first), os.Stdin), renamed{out, `"protocolVersion":"2025-11-25"`, asked}
	case "endless":
		out = &paged{Writer: out}
	case "leisurely":
		out = &paged{Writer: out, pause: 4 * time.Second}
	case "describes":
		n, _ := strconv.Atoi(args[1])
		out = renamed{out, "Book a room.", strings.Repeat("🛏", n)}
	case "refuses":
		out = renamed{out, `"result":{"protocolVersion"`, `"error":{"code":1,"message":"` + args[1] + `"},"x":{"protocolVersion"`}
	case "says":
		fmt.Println("key " + args[1])
	}
	if demo.Serve(in, out, 0) != nil {
		return 1
	}
	if slices.Contains(args, "outlives") {
		select {}
	}
	return 0
}

// renamed writes messages in which a name is another: one that controls a terminal and reorders a line, for example.
type renamed struct {
	io.Writer
	from, to string
}

func (r renamed) Write(message []byte) (int, error) {
	_, err := r.Writer.Write(bytes.ReplaceAll(message, []byte(r.from), []byte(r.to)))
	return len(message), err
}

// paged names a further page of tools each time.
type paged struct {
	io.Writer
	n     int
	pause time.Duration // before each page
}

func (p *paged) Write(message []byte) (int, error) {
	p.n++
	if bytes.Contains(message, []byte(`"result":{"tools":[`)) {
		time.Sleep(p.pause)
	}
	next := fmt.Sprintf(`"result":{"nextCursor":"%d","tools":[`, p.n)
	_, err := p.Writer.Write(bytes.ReplaceAll(message, []byte(`"result":{"tools":[`), []byte(next)))
	return len(message), err
}

// tried is what "spanpipe try" has done.
type tried struct {
	stdout, stderr string
	code           int
	left           []string // files
}

// try runs "spanpipe try" with flags and a server.
func try(t *testing.T, flags, server []string, stdin string, variables ...string) (got tried) {
	t.Helper()
	home := newHome(t)
	cmd := exec.Command(binary(t), slices.Concat([]string{"try"}, flags, []string{"--"}, server)...)
	home.in(variables...)(cmd)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	_ = cmd.Run() // the exit code is checked
	return tried{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), home.left(t)}
}

// demoServer is the demo's server, as a server like any other.
func demoServer(t *testing.T) []string { return []string{binary(t), "demo-server", "--delay", "0s"} }

// TestTry uses servers that do what they should, and servers that do not.
func TestTry(t *testing.T) {
	missing := []string{"no-such-server"}
	for _, test := range []struct {
		name           string
		flags, server  []string
		code           int
		stdout, stderr string // parts, one a line
	}{
		{"without a call", nil, demoServer(t), 0, "demo-server 1.0.0, protocol 2025-11-25\n" +
			"   5 tools                get_forecast, find_trains\n   1 resource             memo://notes/travel\n" +
			"   1 prompt               weekend_trip\n→ tools/list \n→ prompts/list \n" +
			"Nothing was stored.\nNext, your client:  spanpipe install\n", ""},
		{"a call", []string{"--call", "get_forecast"}, demoServer(t), 0, "→ get_forecast \nget_forecast: ok, 91 B in ", ""},
		{"its result", []string{"--call", "get_forecast", "--result", "--arguments", `{"city":"Lisbon"}`}, demoServer(t), 0,
			"   Sunny, 24 degrees.\n", ""},
		{"a call that fails", []string{"--call", "book_hotel"}, demoServer(t), 1, "book_hotel: failed: rate limited, ",
			"spanpipe: the call failed: 429 Too Many Requests"},
		{"a tool that does not exist", []string{"--call", "get_forcast"}, demoServer(t), 1, "get_forcast: bad request: -32602, ",
			"spanpipe: the call was refused: error -32602: unknown tool\n" +
				"hint: the server lists no tool get_forcast; did you mean get_forecast?"},
		{"a call that hangs", []string{"--call", "watch_prices", "--timeout", "10s"}, demoServer(t), 1, "watch_prices: timed out",
			"spanpipe: no answer to tools/call within 10s\nhint: a server that is slow may need longer"},
		{"a call that asks the model", []string{"--call", "summarize_trip"}, demoServer(t), 0,
			"→ summarize_trip \n← sampling/createMessage ", ""},
		{"a server of an SDK", []string{"--call", "echo"}, cast.As(t, "sdk"), 0,
			"sdk-server 7.8.9, protocol 2025-11-25\n   1 resource             memo://one\n   1 prompt               greet", ""},
		{"a banner", nil, cast.As(t, "unruly", "banner"), 1, "   5 tools ",
			"spanpipe: the server wrote 1 line to stdout that no message is in; the first begins: Server listening on stdio\n" +
				"hint: stdout is for messages alone"},
		{"a hostile name", nil, cast.As(t, "unruly", "hostile"), 0, `get_forecast, \u001b]0;x\u0007\u202e, book_hotel`, ""},
		{"a server that outlives its input", nil, cast.As(t, "unruly", "outlives"), 0,
			"The server did not end within 2s of the end of its input; a signal ended it.", ""},
		{"a server that ends at once", nil, cast.As(t, "exit", "3"), 1, "→ initialize",
			"spanpipe: the server ended before it answered initialize: exit 3"},
		{"no MCP server", []string{"--timeout", "1s"}, cast.As(t, "unruly", "silent"), 1, "→ initialize",
			"spanpipe: no answer to initialize within 1s\nhint: is it an MCP server"},
		{"no server", nil, missing, 127, "", "spanpipe: starting \"no-such-server\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := try(t, test.flags, test.server, "")
			if got.code != test.code {
				t.Errorf("exit code %d, want %d", got.code, test.code)
			}
			for line := range strings.Lines(test.stdout) {
				if !strings.Contains(got.stdout, strings.TrimSuffix(line, "\n")) {
					t.Errorf("%q is missing on stdout", line)
				}
			}
			for line := range strings.Lines(test.stderr) {
				if !strings.Contains(got.stderr, strings.TrimSuffix(line, "\n")) {
					t.Errorf("%q is missing on stderr", line)
				}
			}
			if test.stderr == "" && got.stderr != "" {
				t.Error("stderr should be empty")
			}
			if len(got.left) > 0 {
				t.Errorf("left behind: %q", got.left)
			}
			if t.Failed() {
				t.Logf("stdout:\n%s\nstderr:\n%s", got.stdout, got.stderr)
			}
		})
	}
}

// TestTryArguments reads the call's arguments from everywhere, and says what is wrong with them.
func TestTryArguments(t *testing.T) {
	server := cast.As(t, "server")
	file := t.TempDir() + "/arguments.json"
	if err := os.WriteFile(file, []byte("{\n  \"text\": \"from a file\"\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ arguments, stdin, want string }{
		{`{"text":"from the line"}`, "", "   from the line\n"},
		{"@" + file, "", "   from a file\n"},
		{"-", `{"text":"from stdin"}`, "   from stdin\n"},
		{`{"text":"two\nlines, and \u001b[31m color"}`, "", "   two\n   lines, and \\u001b[31m color\n"},
	} {
		got := try(t, []string{"--call", "echo", "--result", "--arguments", test.arguments}, server, test.stdin)
		if !strings.Contains(got.stdout, test.want) {
			t.Errorf("--arguments %s: %q is missing in:\n%s%s", test.arguments, test.want, got.stdout, got.stderr)
		}
	}
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--call", "a", "--arguments", `{"city": Lisbon}`},
			`spanpipe: --arguments: no valid JSON: line 1, column 10: invalid character 'L' looking for beginning of value: {"city": ⟨here⟩Lisbon}`},
		{[]string{"--call", "a", "--arguments", "{\n \"a\": 1,\n}"}, "line 3, column 1: invalid character '}'"},
		{[]string{"--call", "a", "--arguments", `{"a":1`}, "unexpected end of JSON input"},
		{[]string{"--call", "a", "--arguments", `[1]`}, "--arguments: want a JSON object"},
		{[]string{"--call", "a", "--arguments", `null`}, "--arguments: want a JSON object"},
		{[]string{"--call", "a", "--arguments", "@" + file + ".not"}, "--arguments: open "},
		{[]string{"--arguments", "{}"}, "--arguments are those of a call, and there is none"},
		{[]string{"--timeout", "0s"}, "--timeout must be longer than 0s"},
	} {
		got := try(t, test.flags, server, "")
		if got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, test.want) || !strings.Contains(got.stderr, "\nspanpipe: hint: ") {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q; want %q", test.flags, got.code, got.stdout, got.stderr, test.want)
		}
	}
}

// TestTryJSON checks what programs get. Durations differ from run to run.
func TestTryJSON(t *testing.T) {
	got := try(t, []string{"--json", "--call", "get_forecast", "--result"}, demoServer(t), "")
	var out struct {
		Version                   int
		Server                    struct{ Name, Version string }
		Protocol                  string
		Tools, Resources, Prompts []string
		ResourceTemplates         []string `json:"resource_templates"`
		Call                      struct {
			Tool, Outcome string
			Operation     int
			Result        struct{ Content []struct{ Text string } }
		}
		Operations []struct {
			Number       int
			Method, Name string
			Duration     float64
			Size         int `json:"response_size"`
		}
		Problems []struct{ Text, Hint string }
		Exit     struct {
			Code   *int
			Forced *bool
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &out); err != nil {
		t.Fatalf("%v: %s", err, got.stdout)
	}
	c := out.Call
	if got.code != 0 || out.Version != 1 || out.Server.Name != "demo-server" || out.Protocol != "2025-11-25" || len(out.Tools) != 5 ||
		len(out.Resources) != 1 || out.ResourceTemplates != nil || len(out.Prompts) != 1 || len(out.Operations) != 6 ||
		out.Problems == nil || len(out.Problems) != 0 || out.Exit.Code == nil || *out.Exit.Code != 0 || out.Exit.Forced == nil || *out.Exit.Forced {
		t.Errorf("%s", got.stdout)
	}
	if c.Tool != "get_forecast" || c.Outcome != "ok" || len(c.Result.Content) != 1 || c.Result.Content[0].Text != "Sunny, 24 degrees." {
		t.Errorf("the call is %+v", c)
	}
	if op := out.Operations[len(out.Operations)-1]; op.Number != c.Operation || op.Method != "tools/call" || op.Name != "get_forecast" ||
		op.Duration <= 0 || op.Size != 91 {
		t.Errorf("the call's operation is %+v", op)
	}
	got = try(t, []string{"--json", "--call", "book_hotel"}, demoServer(t), "")
	if !strings.Contains(got.stdout, `"text": "the call failed: 429 Too Many Requests: try again later`) || got.code != 1 ||
		strings.Contains(got.stdout, `"result"`) {
		t.Errorf("exit code %d: %s", got.code, got.stdout)
	}
}

// TestTryStores: a try is stored and sent where the user has asked for that, like any session, and only there. Nothing has
// started its client, so it has no run.
func TestTryStores(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	got := try(t, []string{"--call", "get_forecast", "--result"}, demoServer(t), "", append(r.Env(otlptest.HTTP),
		"SPANPIPE_TELEMETRY=local,otlp", "CLAUDE_CODE_SESSION_ID=64934702-935c-4825-8945-0b8b72042b42")...)
	if got.code != 0 || !strings.Contains(got.stdout, "spanpipe show ") {
		t.Errorf("exit code %d, stdout:\n%s\nstderr:\n%s", got.code, got.stdout, got.stderr)
	}
	if i := slices.IndexFunc(got.left, func(path string) bool { return strings.HasSuffix(path, "/traces.jsonl") }); i < 0 {
		t.Errorf("left behind are %q, want a stored session", got.left)
	}
	span := r.WaitSpan(t, "tools/call get_forecast")
	if run, ok := span.Resource["spanpipe.client.run"]; ok {
		t.Errorf("the client's run is %v, want none", run)
	}
}
