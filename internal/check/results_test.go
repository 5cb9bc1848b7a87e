package check_test

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/check"
	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

func together(all ...*conversation.Conversation) []*conversation.Conversation { return all }

// find returns the results of a rule for a name.
func find(results []check.Result, rule check.Name, name string) (found []check.Result) {
	for _, r := range results {
		if r.Rule == rule && r.Name == name {
			found = append(found, r)
		}
	}
	return found
}

// TestTogether: a percentile is over the calls of all sessions of a server; everything else is judged in each session.
func TestTogether(t *testing.T) {
	few := func(takes time.Duration) *server {
		v := healthy()
		v.calls = map[string]int{"add": 3}
		v.takes["add"] = takes
		return v
	}
	rules := parse(t, "version: 1\np95: 100ms\nstartup: 1s\n")
	a, b := few(20*time.Millisecond).play("a"), few(200*time.Millisecond).play("b")
	alone := find(check.Judge(rules, nil, together(a)), check.P95, "add")
	if len(alone) != 1 || alone[0].State != check.NotJudged || alone[0].Why != "3 answered calls, and it takes 5 (min_calls)" {
		t.Errorf("%+v", alone)
	}
	results := check.Judge(rules, nil, together(a, b))
	both := find(results, check.P95, "add")
	if len(both) != 1 || both[0].State != check.Failed || both[0].Value != 0.2 || !slices.Equal(both[0].Sessions, []string{"a", "b"}) ||
		both[0].Details[0] != "p95 of 6 calls, median 20ms; the slowest took 200ms (operation 5) in b" {
		t.Errorf("%+v", both)
	}
	if n := len(find(results, check.Startup, "")); n != 2 {
		t.Errorf("startup is judged %d times", n)
	}
}

// TestStored: of a stored session, what it does not hold is not judged, and says what does.
func TestStored(t *testing.T) {
	v := healthy()
	v.says = []string{"ready"}
	recorded := v.play("s")
	stored := conversation.Of("stored", recorded.Records)
	baseline := check.Offered(recorded)
	results := check.Judge(parse(t, "version: 1\nnoise: 5\nbaseline: b.json\n"), baseline, together(stored))
	for _, test := range []struct {
		rule check.Name
		why  string
	}{{check.Noise, "the first violation of each kind"}, {check.Baseline, "record one: spanpipe record"}} {
		r := find(results, test.rule, "")
		if len(r) != 1 || r[0].State != check.NotJudged || !strings.Contains(r[0].Why, test.why) {
			t.Errorf("%+v", r)
		}
	}
	if got := over(check.Judge(check.Default(), nil, together(stored))); !slices.Equal(got, []string{"noise: 1 line, budget 0"}) {
		t.Errorf("%q", got)
	}
}

// TestNotJudged: what a session does not show is not judged, rather than passed.
func TestNotJudged(t *testing.T) {
	empty := conversation.Of("s", &view.Records{State: view.Killed})
	results := check.Judge(parse(t, "version: 1\nexpect_tools: [add]\ntool_bytes: 1kB\n"), nil, together(empty))
	var not []string
	for _, r := range results {
		if r.State == check.NotJudged {
			not = append(not, string(r.Rule))
		}
	}
	if got := strings.Join(not, " "); got != "startup exit context_tokens tool_bytes expect_tools" || len(over(results)) > 0 {
		t.Errorf("not judged: %s; %q", got, over(results))
	}
	for _, state := range []view.State{view.Live, view.Killed} {
		open := conversation.Of("s", &view.Records{State: state, Operations: []record.Operation{
			{Number: 1, Change: record.Opened, Direction: record.ToServer, Method: "tools/call", Target: "add"},
		}})
		if got := over(check.Judge(check.Default(), nil, together(open))); len(got) > 0 {
			t.Errorf("%s, a call without an end: %q", state, got)
		}
	}
}

// TestFaultOfTheClient: what a client does wrong is not the server's.
func TestFaultOfTheClient(t *testing.T) {
	records := healthy().play("s").Records
	records.Notes = append(records.Notes, record.Violation{Direction: record.ToServer, Kind: record.InvalidJSON})
	records.Operations = append(records.Operations,
		record.Operation{Number: 90, Change: record.Ended, Direction: record.ToClient, Method: "roots/list", ErrorType: "timeout"},
		record.Operation{Number: 91, Change: record.Ended, Direction: record.ToServer, Method: "tools/call", Answered: true, Code: "-32602"},
		record.Operation{Number: 92, Change: record.Ended, Direction: record.ToServer, Method: "tools/call", ErrorType: "cancelled"},
	)
	if got := over(check.Judge(check.Default(), nil, together(conversation.Of("s", records)))); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// TestWhere: a failure says which operations it is about, and what to do.
func TestWhere(t *testing.T) {
	v := healthy()
	v.errors["add"], v.calls["add"] = `{"code":-32603,"message":"no such column"}`, 7
	v.says = []string{"\x1b]0;owned\a listening"}
	results := check.Judge(check.Default(), nil, together(v.play("s")))
	failures, noise := find(results, check.Failures, "")[0], find(results, check.Noise, "")[0]
	if failures.Details[0] != "add failed: not found (-32603) (operations 3, 4, 5, 6, 7 and 2 more)" || len(failures.Operations) != 5 {
		t.Errorf("%+v", failures)
	}
	if !strings.Contains(noise.Next, "logs belong on stderr") || noise.Details[1] != `on stdout: \u001b]0;owned\u0007 listening` {
		t.Errorf("%+v", noise)
	}
}

// TestPropose: sessions pass the rules that are made of them, whatever is wrong with them, and worse ones do not.
func TestPropose(t *testing.T) {
	sick := healthy()
	sick.startup, sick.takes["find"], sick.takes["add"] = 13*time.Second, 12*time.Second, 95*time.Second
	sick.errors["add"] = `{"code":-32603,"message":"no such column"}`
	sick.hangs, sick.says = "find", []string{"ready", `{"jsonrpc":"2.0","id":77,"result":{}}`, `{"jsonrpc":"2.0","id":78,"result":{}}`}
	sick.instructions, sick.crashes = strings.Repeat("Read this. ", 300), true
	sick.tools = append(sick.tools, `{"name":"yes: {no} *","inputSchema":{"type":"object"}}`)
	for name, v := range map[string]*server{"healthy": healthy(), "sick": sick} {
		one := v.play("session.jsonl")
		text := check.Propose(together(one))
		if got := over(check.Judge(parse(t, text), nil, together(one))); len(got) > 0 {
			t.Errorf("%s does not pass its own rules: %q\n%s", name, got, text)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "# ") && len([]rune(line)) > 81 {
				t.Errorf("a comment of %d columns: %s", len([]rune(line)), line)
			}
		}
		v.says = append(v.says, "another line")
		if got := over(check.Judge(parse(t, text), nil, together(v.play("s")))); len(got) != 1 || !strings.HasPrefix(got[0], "noise") {
			t.Errorf("%s with another line of noise: %q", name, got)
		}
	}
}

// hostile has what could end an annotation, a command or an element early.
const hostile = "50% off,\n::error::x: <b>\r\x1b"

// TestGitHub: annotations are one line each, whatever names servers have, and stand at the budget.
func TestGitHub(t *testing.T) {
	results := []check.Result{
		{Rule: check.P95, Name: "add", State: check.Passed},
		{Rule: check.P95, Name: hostile, State: check.Failed, Sessions: []string{"s"}, Unit: "s", Measured: "2s", Allowed: "1s",
			Details: []string{"why: this, that", "100%"}, Line: 7},
		{Rule: check.Noise, State: check.Failed, Sessions: []string{"s"}, Unit: "{line}", Measured: "2 lines", Allowed: "0"},
	}
	var out bytes.Buffer
	if err := check.GitHub(&out, "a:b,c.yaml", results); err != nil {
		t.Fatal(err)
	}
	const want = `::error file=a%3Ab%2Cc.yaml,line=7,title=spanpipe check%3A p95 50%25 off%2C %3A%3Aerror%3A%3Ax%3A <b> \u001b::` +
		`s: p95 50%25 off, ::error::x: <b> \u001b: 2s, budget 1s%0Awhy: this, that%0A100%25` + "\n" +
		"::error title=spanpipe check%3A noise::s: noise: 2 lines, budget 0\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

// TestJUnit: the report is XML with a suite for each session, and says what failed and what was not judged.
func TestJUnit(t *testing.T) {
	var out bytes.Buffer
	if err := check.JUnit(&out, []check.Result{
		{Rule: check.Startup, State: check.Passed, Sessions: []string{"a"}},
		{Rule: check.P95, Name: hostile, State: check.Failed, Sessions: []string{"a", "b"}, Unit: "s", Measured: "2s", Allowed: "1s", Next: "hurry"},
		{Rule: check.Exit, State: check.NotJudged, Sessions: []string{"a"}, Why: "it has not ended"},
	}); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Failure string    `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if report.Tests != 3 || report.Failures != 1 || len(report.Suites) != 2 || report.Suites[0].Cases[1].Skipped == nil ||
		report.Suites[1].Name != "spanpipe check a, b" || !strings.Contains(report.Suites[1].Cases[0].Failure, "hurry") {
		t.Errorf("%+v\n%s", report, &out)
	}
}

// TestShare: a share that is just the budget is within it.
func TestShare(t *testing.T) {
	v := healthy()
	v.calls, v.errors["extra"] = map[string]int{"add": 993, "extra": 7}, `{"code":-32000,"message":"no"}`
	for budget, want := range map[string]check.State{"0.7%": check.Passed, "0.69%": check.Failed} {
		rules, problems := check.Parse([]byte("version: 1\nfailures: " + budget + "\n"))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, r := range check.Judge(rules, nil, []*conversation.Conversation{v.play("s")}) {
			if r.Rule == check.Failures && r.State != want {
				t.Errorf("7 of 1000 with a budget of %s: %s, %s", budget, r.State, r.Heading())
			}
		}
	}
}
