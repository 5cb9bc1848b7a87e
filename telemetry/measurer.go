package telemetry

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/rules"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// measurer is the stage that metric rules make of a session: the relay's goroutines ask it which content to copy, and the
// consumer shows it that content before it is redacted. As a sink it learns which operations there are. What leaves it is
// numbers and words that the rules list. A nil one has no rules.
type measurer struct {
	set                *rules.Set
	recorder           *rules.Recorder // the consumer's
	note               func(record.Note)
	arguments, results bool // which content the rules look at

	mu      sync.Mutex
	waiting map[session.Ref]bool // ids of requests whose responses rules look at
}

// newMeasurer returns the stage that the configuration asks for. Rules are for those who have turned telemetry on.
func newMeasurer(cfg Config) *measurer {
	if cfg.Rules == nil || len(cfg.Rules.Rules) == 0 || !cfg.Policy.On() {
		return nil
	}
	m := &measurer{set: cfg.Rules, waiting: map[session.Ref]bool{}, note: func(record.Note) {}}
	m.arguments, m.results = cfg.Rules.Wants()
	m.recorder = rules.NewRecorder(cfg.Rules, func(problem string) {
		cfg.Logger.Warn(problem, "hint", "docs/metric-rules.md has the limits")
	})
	return m
}

// contents adds the content that rules look at to that which is captured.
func (m *measurer) contents(c session.Contents) session.Contents {
	if m != nil {
		c.MeasureMax, c.MeasureRequest, c.MeasureResponse = rules.MaxContent, m.arguments, m.results
	}
	return c
}

// custom describes the rules' metrics.
func (m *measurer) custom() []otel.Custom {
	if m == nil {
		return nil
	}
	var all []otel.Custom
	for _, r := range m.set.Rules {
		all = append(all, otel.Custom{
			Name: r.Name, Description: r.Description, Unit: r.Unit, Form: r.Form, Buckets: r.Buckets,
		})
	}
	return all
}

// matches reports whether a rule may be for a request.
func (m *measurer) matches(raw *session.Raw) bool {
	return m.set.Matches(rules.Request{Direction: raw.Dir, Method: raw.Method, Target: raw.Target, URI: raw.URI})
}

// requested remembers a request whose response rules look at. That of a task brings the result of another request. The
// goroutine that reads what the client sends calls it.
func (m *measurer) requested(raw *session.Raw) {
	if m == nil || !m.results || raw.Kind != framing.Request || raw.Dir != record.ToServer || raw.Cut {
		return
	}
	if raw.Method != semconv.TasksResult && raw.Method != semconv.TasksGet && !m.matches(raw) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.waiting) >= maxWaiting { // most are of requests that were never answered; responses to the others are counted as left out
		clear(m.waiting)
	}
	m.waiting[raw.ID.Likeness()] = true
}

// look evaluates the rules for a message that the tracker is about to observe.
func (m *measurer) look(raw *session.Raw, tracker *session.Tracker, at time.Time) {
	switch {
	case m == nil:
	case raw.Kind == framing.Request:
		m.recorder.Request(rules.Request{
			Direction: raw.Dir, Method: raw.Method, Target: raw.Target, URI: raw.URI, Content: contentOf(raw), Time: at,
		})
	case raw.Dir == record.ToClient && (raw.Kind == framing.Response || raw.Kind == framing.ErrorResponse):
		m.answered(raw, tracker, at)
	case raw.Dir == record.ToClient && raw.Method == semconv.TasksNotification && raw.Extra != nil && raw.Extra.Outcome.Known:
		m.response(tracker.TaskNumber(&raw.Message), raw, contentOf(raw), at)
	}
}

// answered evaluates the rules for a response. One that creates a task, or asks the user, does not answer its request.
func (m *measurer) answered(raw *session.Raw, tracker *session.Tracker, at time.Time) {
	number, task := tracker.RequestNumber(&raw.Message)
	content := contentOf(raw)
	var known bool
	var x session.Extra
	if raw.Extra != nil {
		x = *raw.Extra
	}
	switch {
	case number == 0:
		if raw.Measure != nil && !tracker.GivenUp(&raw.Message) {
			m.recorder.Unmatched() // its request is still to come
		}
		return
	case task != 0 && tracker.RequestMethod(&raw.Message) == semconv.TasksGet:
		number, known = task, x.Outcome.Known
		content = inner(content)
	case task != 0:
		number, known = task, true
	default:
		known = !x.AsksUser() && !x.MakesTask && x.ResultType == ""
	}
	if known {
		m.response(number, raw, content, at)
	}
}

// response evaluates the rules that wait for what a message says of an operation.
func (m *measurer) response(number uint64, raw *session.Raw, content rules.Content, at time.Time) {
	if m.recorder.WaitsFor(number) {
		content.TooLarge = content.TooLarge || m.results && raw.Measure == nil
		m.recorder.Response(number, content, at)
	}
}

// contentOf returns what was copied beside a message.
func contentOf(raw *session.Raw) rules.Content {
	c := raw.Measure
	if c == nil {
		return rules.Content{}
	}
	return rules.Content{
		Arguments: c.Arguments.Raw, Result: c.Result.Raw, Error: c.Failure.Raw,
		TooLarge: c.Arguments.Truncated || c.Result.Truncated || c.Failure.Truncated,
	}
}

// inner returns the result or the error of a task, which the result of tasks/get has in the extension (SEP-2663).
func inner(c rules.Content) rules.Content {
	var task struct{ Result, Error json.RawMessage }
	if json.Unmarshal(c.Result, &task) != nil {
		return rules.Content{TooLarge: c.TooLarge}
	}
	return rules.Content{Result: task.Result, Error: task.Error, TooLarge: c.TooLarge}
}

// Opened implements session.Sink.
func (m *measurer) Opened(op *record.Operation) { m.emit(m.recorder.Opened(op)) }

// Changed implements session.Sink.
func (m *measurer) Changed(op *record.Operation) {
	if op.Change == record.Ended {
		m.emit(m.recorder.Ended(op))
	}
}

// Noted implements session.Sink.
func (m *measurer) Noted(n record.Note) {
	if s, ok := n.(record.Session); ok {
		m.recorder.ServerNamed(s.Server.Name)
	}
}

func (m *measurer) emit(all []record.Measurement) {
	for _, one := range all {
		m.note(one)
	}
}
