package rules_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/rules"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// noon is when all calls of these tests are made.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// session plays calls to a recorder.
type session struct {
	*rules.Recorder
	calls    uint64
	problems []string
}

func newSession(set *rules.Set) *session {
	s := &session{}
	s.Recorder = rules.NewRecorder(set, func(text string) { s.problems = append(s.problems, text) })
	s.ServerNamed("arcade-9")
	return s
}

// parse returns the rules of a file that has no mistakes.
func parse(t testing.TB, text string) *rules.Set {
	t.Helper()
	set, problems := rules.Parse([]byte(text))
	if len(problems) > 0 {
		t.Fatalf("problems: %v\n%s", problems, text)
	}
	return set
}

// call plays a call of a tool and returns what is measured of it. The result is the JSON of a result, of an error if it begins
// with "!", or nothing if the call is cancelled.
func (s *session) call(tool, arguments, result string) []string {
	s.calls++
	q := rules.Request{
		Direction: record.ToServer, Method: semconv.ToolsCall, Target: tool, Time: noon,
		Content: rules.Content{Arguments: []byte(arguments)},
	}
	op := &record.Operation{
		Number: s.calls, Direction: record.ToServer, Method: semconv.ToolsCall, Target: tool, Start: noon, End: noon, Answered: true,
	}
	s.Request(q)
	all := s.Opened(op)
	failure, failed := strings.CutPrefix(result, "!")
	switch {
	case result == "":
		op.Answered, op.ErrorType, op.Class = false, semconv.ErrCancelled, record.Cancelled
	case failed:
		op.ErrorType, op.Code = "-32603", "-32603"
		s.Response(op.Number, rules.Content{Error: []byte(failure)}, noon)
	default:
		if strings.Contains(result, `"isError":true`) {
			op.ErrorType = semconv.ErrTool
		}
		s.Response(op.Number, rules.Content{Result: []byte(result)}, noon)
	}
	return written(append(all, s.Ended(op)...))
}

// written returns measurements as the guide writes them.
func written(all []record.Measurement) (lines []string) {
	for _, m := range all {
		var labels []string
		for _, l := range m.Labels {
			labels = append(labels, l.Name+"="+l.Value)
		}
		name := m.Rule
		if len(labels) > 0 {
			name += "{" + strings.Join(labels, ",") + "}"
		}
		lines = append(lines, fmt.Sprintf("%s %v", name, m.Value))
	}
	return lines
}

// text returns a result with texts.
func text(texts ...string) string {
	var blocks []map[string]string
	for _, one := range texts {
		blocks = append(blocks, map[string]string{"type": "text", "text": one})
	}
	b, err := json.Marshal(map[string]any{"content": blocks})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("measured:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// gauge is a file with one rule for every tool.
func gauge(value string) string {
	return "rules:\n  - name: x\n    type: gauge\n    match: {tool: \"*\"}\n    value: " + value + "\n"
}
