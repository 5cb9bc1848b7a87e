package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/namedfile"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/rules"
)

func (a *app) metricsCommand() *cli.Command {
	return &cli.Command{
		Name:      "metrics",
		Usage:     "check metric rules, and try them on a session",
		UsageText: "spanpipe metrics check [--json] FILE [SESSION]",
		Description: `Reads a file of metric rules (SPANPIPE_METRIC_RULES) and says what they take,
and what is wrong with them, with line and column. With a session, shows what
they would have measured in it. A session is a stored one, as for show, or a
file that "spanpipe export --format jsonl --content" has written; - is stdin.

Rules look at arguments, results and errors, which are stored only if
SPANPIPE_CAPTURE has asked for them. What is stored is redacted and cut, so that
a value may be missing here that a live session has.

   spanpipe metrics check rules.yaml
   spanpipe metrics check rules.yaml last

docs/metric-rules.md describes the file.

Exit status: 0 if all rules are good; 1 if one is not; 2 if the command line is
invalid, or there is no such file or session.`,
		Flags:  a.flags(jsonFlag),
		Action: a.metrics,
	}
}

// exitWrong is the exit code of "spanpipe metrics check" if a rule is wrong.
const exitWrong = 1

func (a *app) metrics(c *cli.Context) error {
	args := c.Args().Slice()
	const example = "for example: spanpipe metrics check rules.yaml last"
	switch {
	case len(args) == 0 || args[0] != "check":
		return &usageError{"metrics wants the word check, and a file of rules", example}
	case len(args) == 1:
		return &usageError{"metrics check wants a file of rules", example}
	case len(args) > 3 || a.dashes:
		return &usageError{"metrics check takes a file of rules and one session", example}
	}
	a.resolve()
	file := a.readRules(args[1], checkBound, 0)
	if file.err != nil {
		return &usageError{file.name + ": " + file.err.Error(), "name a file of metric rules; docs/metric-rules.md has examples"}
	}
	out := checked{Version: jsonVersion, jsonRules: *file.json(), Capture: []string{}}
	if len(file.problems) > 0 {
		a.status.Code = exitWrong
	}
	if len(args) == 3 {
		calls, err := a.calls(args[2])
		if err != nil {
			return err
		}
		out.try(file.set, calls)
	}
	if c.Bool("json") {
		return a.writeJSON(out)
	}
	_, err := io.WriteString(a.Stdout, out.text(width(a.Stdout, 0)))
	return err
}

// calls reads the operations of a stored session, or of a file of records.
func (a *app) calls(asked string) (*tried, error) {
	if asked == "-" {
		return readCalls(a.Stdin)
	}
	if isFile(asked) {
		f, err := os.Open(asked)
		if err != nil {
			return nil, &usageError{fmt.Sprintf("%s: %v", asked, namedfile.Reason(err)), ""}
		}
		defer f.Close()
		return readCalls(f)
	}
	stored, err := a.look()
	if err != nil {
		return nil, err
	}
	session, err := a.findSession(stored, asked)
	if err != nil {
		return nil, err
	}
	if !session.Detail && session.State != store.Live {
		return nil, &usageError{"of session " + session.Name + " only a summary is stored any more", "list the others: spanpipe sessions"}
	}
	records, err := session.Load()
	if err != nil {
		return nil, a.storeError(stored, err)
	}
	return &tried{name: session.Name, server: records.Session.Server.Name, operations: records.Operations}, nil
}

// tried is a session on which rules are tried.
type tried struct {
	name, server string
	operations   []record.Operation
}

// maxRecord bounds a line of a file of records: captured content has a bound, too.
const maxRecord = 4 << 20

// readCalls reads the lines that "spanpipe export --format jsonl" writes.
func readCalls(in io.Reader) (*tried, error) {
	t := &tried{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRecord)
	for n := 1; lines.Scan(); n++ {
		var head struct {
			Record  string
			Session string
		}
		line := lines.Bytes()
		if len(strings.TrimSpace(string(line))) == 0 {
			continue
		}
		_ = json.Unmarshal(line, &head) // its session is an object in some
		var err error
		switch head.Record {
		case "header":
			t.name = head.Session
		case "session":
			var s record.Session
			if err = json.Unmarshal(line, &s); err == nil {
				t.server = s.Server.Name
			}
		case "operation":
			var op record.Operation
			err = json.Unmarshal(line, &op)
			t.operations = append(t.operations, op)
		case "":
			err = errors.New("no record")
		}
		if err != nil {
			return nil, &usageError{fmt.Sprintf("line %d is not a record of spanpipe's", n),
				"records are what this writes: spanpipe export --format jsonl --content last"}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading records: %w", err)
	}
	return t, nil
}

// try evaluates the rules for the calls of a session.
func (c *checked) try(set *rules.Set, session *tried) {
	c.tried, c.Session = true, session.name
	recorder := rules.NewRecorder(set, nil)
	recorder.ServerNamed(session.server)
	for i := range c.Rules {
		c.Rules[i].Tried = &jsonTried{Series: []jsonSeries{}}
	}
	var missing missing
	for i := range session.operations {
		op := &session.operations[i]
		if op.IsCall() {
			c.Calls++
		}
		request := requestOf(op)
		recorder.Request(request)
		missing.look(set, op, request)
		c.add(recorder.Opened(op))
		if op.End.IsZero() {
			continue
		}
		if op.Answered {
			recorder.Response(op.Number, rules.Content{Result: []byte(op.Content.Result), ErrorText: op.Content.Error}, op.End)
		}
		c.add(recorder.Ended(op))
	}
	for i, tally := range recorder.Tallies() {
		t := c.Rules[i].Tried
		t.Matched, t.Unmet, t.NotNumbers, t.Left = tally.Matched, tally.Unmet, tally.NotNumbers, tally.Left
	}
	c.Capture = append(c.Capture, missing.kinds()...)
}

// requestOf returns a stored operation's request. Of a resource, the template that its URI matches stands for one that was not
// captured.
func requestOf(op *record.Operation) rules.Request {
	q := rules.Request{
		Direction: op.Direction, Method: op.Method, Target: op.Target, URI: op.Content.URI, Time: op.Start,
		Content: rules.Content{Arguments: []byte(op.Content.Arguments)},
	}
	if q.URI == "" {
		q.URI = op.Resource
	}
	if len(op.Content.Variables) > 0 {
		arguments := map[string]string{}
		for _, v := range op.Content.Variables {
			arguments[v.Name] = v.Value
		}
		q.Content.Arguments, _ = json.Marshal(arguments) // texts
	}
	return q
}

// add adds measurements to what their rules have measured.
func (c *checked) add(all []record.Measurement) {
	for _, m := range all {
		t := c.Rules[slices.IndexFunc(c.Rules, func(r jsonRule) bool { return r.Name == m.Rule })].Tried
		if t.Values == 0 {
			t.Min, t.Max = m.Value, m.Value
		}
		t.Values++
		t.Sum, t.Min, t.Max, t.Last = t.Sum+m.Value, min(t.Min, m.Value), max(t.Max, m.Value), m.Value
		key, labels := "", map[string]string{}
		for _, l := range m.Labels {
			key += l.Name + "=" + l.Value + " "
			labels[l.Name] = l.Value
		}
		i := slices.IndexFunc(t.Series, func(s jsonSeries) bool { return s.key == key })
		if i < 0 {
			i = len(t.Series)
			t.Series = append(t.Series, jsonSeries{Labels: labels, key: key})
		}
		s := &t.Series[i]
		s.Values, s.Sum, s.Last = s.Values+1, s.Sum+m.Value, m.Value
	}
}
