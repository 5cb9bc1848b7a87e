package cmd_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// demoRecording is a conversation with the demo's server, in which one digit of one result is another than the server's.
const demoRecording = "testdata/recordings/demo.jsonl"

// replayHome returns a home with the recording, as it is and as the server would answer, and a rules file.
func replayHome(t *testing.T) home {
	t.Helper()
	text, err := os.ReadFile(demoRecording)
	if err != nil {
		t.Fatal(err)
	}
	place := newHome(t)
	for name, text := range map[string]string{
		"session.jsonl": string(text),
		"same.jsonl":    strings.ReplaceAll(string(text), "23 degrees", "24 degrees"),
		"lost.jsonl":    string(text) + `{"at":9,"from":"server","lost":2048}` + "\n",
		"torn.jsonl":    string(text)[:strings.LastIndex(string(text), `{"at"`)],
		"later.jsonl":   strings.Replace(string(text), `"version":1`, `"version":2`, 1),
		"empty.jsonl":   strings.SplitAfter(string(text), "\n")[0],
		"other.jsonl":   "{\"some\":\"thing\"}\n",
		"rules.yaml":    "ignore:\n- {tool: get_*, path: '$.content[0].text'}\n",
		"wrong.yaml":    "ignore:\n- {tol: get_forecast}\n",
	} {
		if err := os.WriteFile(filepath.Join(place.root, "cwd", name), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return place
}

const digitDiffers = `tools/call get_forecast  request 3
  result content[0].text differs
    - "Sunny, 23 degrees."
    + "Sunny, 24 degrees."

1 difference in 1 of 8 operations.
`

func TestReplay(t *testing.T) {
	place := replayHome(t)
	server := " -- " + strings.Join(demoServer(t), " ")
	unruly := " -- " + strings.Join(cast.As(t, "unruly", "banner"), " ")
	for _, test := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"session.jsonl" + server, 1, digitDiffers, ""},
		{"same.jsonl" + server, 0, "The same: 6 requests.\n", ""},
		{"--speed 2 same.jsonl" + server, 0, "The same: 6 requests.\n", ""},
		{"session.jsonl --rules rules.yaml" + server, 0, "The same: 6 requests.\n", ""},
		{"same.jsonl " + strings.Join(demoServer(t), " "), 0, "The same: 6 requests.\n", ""},
		{"same.jsonl" + unruly, 1, "stdout\n  line is new\n    + \"Server listening on stdio\"\n", ""},
		{"same.jsonl -- " + strings.Join(cast.As(t, "exit", "3"), " "), 1, "initialize  request 1\n  answer is missing: the server ended before it answered\n", ""},
		{"same.jsonl --timeout 1s -- " + strings.Join(cast.As(t, "unruly", "silent"), " "), 1, "answer is missing: there was no answer in time\n", ""},
		{"same.jsonl -- no-such-server", 127, "", `spanpipe: starting "no-such-server"`},
		{"", 2, "", "spanpipe: no recording to replay\nspanpipe: hint: for example: spanpipe replay session.jsonl -- npx"},
		{"session.jsonl", 2, "", "spanpipe: no server to replay session.jsonl to\nspanpipe: hint: for example:"},
		{"missing.jsonl" + server, 2, "", "spanpipe: cannot read the recording: open missing.jsonl"},
		{"other.jsonl" + server, 2, "", "spanpipe: other.jsonl: it is not a recording of spanpipe's\nspanpipe: hint: to make one: spanpipe record"},
		{"torn.jsonl" + server, 1, "1 difference in", "spanpipe: warning: torn.jsonl: the recording breaks off before the server has ended\n"},
		{"later.jsonl" + server, 2, "", "spanpipe: reading the recording later.jsonl: line 1: version 2 of the format is not known to this version of spanpipe\n" +
			"spanpipe: hint: a newer spanpipe wrote it: update this one\n"},
		{"same.jsonl --junit no/report.xml" + server, 2, "", "spanpipe: --junit no/report.xml: no such file or directory\nspanpipe: hint: name a file"},
		{"--update -" + server, 2, "", "spanpipe: --update needs a file, and - is stdin\n"},
		{"lost.jsonl" + server, 2, "", "spanpipe: lost.jsonl lacks 2.0 kB of the conversation, so it cannot be replayed\n"},
		{"empty.jsonl" + server, 2, "", "spanpipe: empty.jsonl holds no request of a client's"},
		{"same.jsonl --rules wrong.yaml" + server, 2, "",
			"spanpipe: wrong.yaml:2:4: a rule of ignore has no \"tol\"\nspanpipe: hint: did you mean tool? it has: path, method, tool\n"},
		{"same.jsonl --speed 0" + server, 2, "", "spanpipe: --speed must be more than 0\n"},
		{"same.jsonl --speed 2 --fast" + server, 2, "", "spanpipe: --speed and --fast exclude each other\n"},
		{"same.jsonl --timeout 0s" + server, 2, "", "spanpipe: --timeout must be longer than 0s\n"},
	} {
		stdout, stderr, code := place.spanpipe(t, nil, append([]string{"replay"}, strings.Fields(test.args)...)...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || test.stdout == "" && stdout != "" || !strings.Contains(stderr, test.stderr) {
			t.Errorf("replay %s: exits with %d, want %d\nstdout:\n%s\nwant:\n%s\nstderr:\n%s\nwant:\n%s",
				test.args, code, test.code, stdout, test.stdout, stderr, test.stderr)
		}
	}
}

// TestReplayUpdate: a recording is updated where a person asks for that, keeps its mode, and replays clean then.
func TestReplayUpdate(t *testing.T) {
	place := replayHome(t)
	path := filepath.Join(place.root, "cwd", "session.jsonl")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	replay := func(want int, flags string, server ...string) string {
		t.Helper()
		stdout, stderr, code := place.spanpipe(t, nil, append(append(append([]string{"replay"}, strings.Fields(flags)...), "--"), server...)...)
		if code != want {
			t.Errorf("replay %s exits with %d, want %d\n%s%s", flags, code, want, stdout, stderr)
		}
		return stdout
	}
	if got := replay(1, "--update session.jsonl", cast.As(t, "exit", "3")...); !strings.Contains(got,
		"session.jsonl was not updated: not all of the recording was played: the server has closed its output.\n") {
		t.Errorf("a server that answers nothing: %s", got)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(before) {
		t.Errorf("the recording has changed: %v\n%s", err, now)
	}
	if got := replay(0, "--update session.jsonl", demoServer(t)...); got != digitDiffers+"session.jsonl now holds the fresh conversation.\n" {
		t.Errorf("the update prints\n%s", got)
	}
	if got := replay(0, "session.jsonl", demoServer(t)...); got != "The same: 6 requests.\n" {
		t.Errorf("after the update:\n%s", got)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" {
		t.Errorf("the mode is %v, want 0640", info.Mode())
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 9 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestReplayRedacted: what was redacted in a recording is redacted in the fresh answers, and in what replaces it.
func TestReplayRedacted(t *testing.T) {
	place := newHome(t)
	server := cast.As(t, "server")
	const secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
	conversation := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"environ","arguments":{}}}` + "\n"
	record := append([]string{"record", "--redact", "-o", "r.jsonl", "--"}, server...)
	if stderr, code := place.feed(t, conversation, []string{"TOKEN=" + secret}, record...); code != 0 {
		t.Fatalf("record exits with %d: %s", code, stderr)
	}
	path := filepath.Join(place.root, "cwd", "r.jsonl")
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "[redacted:") || strings.Contains(string(text), secret) {
		t.Fatalf("the recording is not redacted: %v\n%s", err, text)
	}
	for _, test := range []struct {
		variables, flags string
		code             int
	}{
		{"TOKEN=ghp_99C7e42F292c6912E7710c838347Ae178B4b", "", 0},
		{"NOTOKEN=1", "", 1},
		{"TOKEN=" + secret + " MORE=1", "--update", 0},
	} {
		args := append(append([]string{"replay", "r.jsonl"}, strings.Fields(test.flags)...), "--")
		stdout, stderr, code := place.spanpipe(t, strings.Fields(test.variables), append(args, server...)...)
		if code != test.code || strings.Contains(stdout+stderr, "ghp_") {
			t.Errorf("with %s, replay exits with %d, want %d:\n%s%s", test.variables, code, test.code, stdout, stderr)
		}
	}
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "MORE=1") || strings.Contains(string(text), secret) {
		t.Errorf("the updated recording: %v\n%s", err, text)
	}
}

// TestReplayReports: what programs and continuous integration get.
func TestReplayReports(t *testing.T) {
	place := replayHome(t)
	args := append([]string{"replay", "session.jsonl", "--json", "--junit", "report.xml", "--"}, demoServer(t)...)
	stdout, stderr, code := place.spanpipe(t, nil, args...)
	if code != 1 {
		t.Fatalf("exits with %d: %s", code, stderr)
	}
	golden(t, "replay.json", stdout)
	text, err := os.ReadFile(filepath.Join(place.root, "cwd", "report.xml"))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Name    string `xml:"name,attr"`
			Failure *struct {
				Message string `xml:"message,attr"`
			} `xml:"failure"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if report.Tests != 8 || report.Failures != 1 || report.Cases[2].Name != "3 tools/call get_forecast" || report.Cases[2].Failure == nil ||
		report.Cases[2].Failure.Message != "result content[0].text differs" {
		t.Errorf("the report is\n%s", text)
	}
}

// feed runs spanpipe with a client's input.
func (h home) feed(t *testing.T, stdin string, variables []string, args ...string) (stderr string, code int) {
	t.Helper()
	cmd := exec.Command(binary(t), args...)
	h.in(variables...)(cmd)
	var problems strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &problems
	_ = cmd.Run() // the exit code is checked
	return problems.String(), cmd.ProcessState.ExitCode()
}
