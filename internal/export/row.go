package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// row is an operation or a notification. A notification has no number.
type row struct {
	Number     uint64
	Depth      int
	At         moment
	Arrow      string
	From       string // the same in words
	Parent     string
	Name       string
	Took       string
	Columns    int
	Stripes    []int
	Pieces     []piece
	Mark       string
	Outcome    string
	Class      string
	Facts      []fact
	Attributes []fact
	Content    []fact
}

// piece is a part of a bar, in columns and tenths of its height.
type piece struct {
	Class               string
	X, Y, Width, Height int
}

// deepest is how deep rows are indented.
const deepest = 5

// row returns the row for one of the tree; none for that of the session, which has the page's heading.
func (b *builder) row(t *view.Row) (row, bool) {
	one := row{Depth: min(t.Depth, deepest), Columns: b.axis.Columns}
	for _, f := range b.axis.Folds() {
		one.Stripes = append(one.Stripes, f.At)
	}
	var direction record.Direction
	switch {
	case t.Operation != nil:
		direction = t.Operation.Direction
		b.operation(&one, t.Operation)
	case t.Notification != nil:
		n := t.Notification
		direction = n.Direction
		one.At, one.Took, one.Outcome, one.Class = b.at(n.Time), "–", "notification", "dim"
		one.Name = view.Safe(n.Method)
		one.Pieces = []piece{{"b-dim", b.axis.Column(n.Time), 4, 1, 2}}
	default:
		return one, false
	}
	one.Arrow, one.From = view.Arrow(direction), "from the client"
	if direction == record.ToClient {
		one.From = "from the server"
	}
	return one, true
}

func (b *builder) operation(one *row, op *record.Operation) {
	o := b.records.Outcome(op)
	one.Number, one.At, one.Name, one.Took = op.Number, b.at(op.Start), view.Call(op), view.Duration(b.records.Took(op))
	one.Mark, one.Outcome, one.Class = o.Mark(), o.Long(), class(o.Color())
	if op.Parent > 0 {
		one.Parent = fmt.Sprint(op.Parent)
	}
	one.Pieces = pieces(b.records.Bar(b.axis, op, &view.Screen{Paint: view.Plain}), barClass(o))
	one.Facts = b.operationFacts(op)
	ids := b.stored.Spans[op.Number]
	id := ids.SpanID.String()
	one.Attributes = append(one.Attributes, b.spans[id]...)
	if ids.TraceID.IsValid() {
		one.Attributes = append(one.Attributes, fact{"trace_id", ids.TraceID.String(), view.Meaning("trace_id")},
			fact{"span_id", id, view.Meaning("span_id")})
	}
	if b.Content {
		one.Content = content(&op.Content)
	}
}

// operationFacts returns what a person asks first.
func (b *builder) operationFacts(op *record.Operation) []fact {
	all := []fact{{Name: "Operation", Value: fmt.Sprint(op.Number)}}
	add := func(name, value string) { all = append(all, fact{Name: name, Value: value}) }
	add("Request", view.Size(op.RequestSize))
	if op.RequestTokens > 0 {
		add("Request, tokens (±10 %)", view.Tokens(op.RequestTokens))
	}
	if op.Answered {
		add("Answer", view.Size(op.ResponseSize))
		if op.ResponseTokens > 0 {
			add("Answer, tokens (±10 %)", view.Tokens(op.ResponseTokens))
		}
	}
	if op.Wait > 0 {
		waited := view.Duration(op.Wait) + " until the answer began"
		if op.Transfer > 0 {
			waited += ", " + view.Duration(op.Transfer) + " for the rest of it"
		}
		add("Waited", waited)
	}
	if op.InputWait > 0 {
		add("A person", view.Duration(op.InputWait)+" waited for, which does not count")
	}
	for _, e := range op.Events {
		add("Event", strings.ReplaceAll(view.Safe(e.Name), "_", " ")+" +"+view.Duration(e.Time.Sub(op.Start)))
	}
	return all
}

// content returns captured content, of which JSON is indented.
func content(c *record.Content) []fact {
	var all []fact
	add := func(name, text string) {
		if text != "" {
			all = append(all, fact{Name: name, Value: safeLines(view.Indented(text))})
		}
	}
	add("URI", c.URI)
	add("Arguments", c.Arguments)
	for _, v := range c.Variables {
		add("Argument "+view.Safe(v.Name), v.Value)
	}
	add("Messages", c.Messages)
	add("Result", c.Result)
	add("Error", c.Error)
	return all
}

// safeLines makes each line of a text safe to show, whole.
func safeLines(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(view.SafeLine(strings.TrimRight(line, "\r\n")) + "\n")
	}
	return out.String()
}

func barClass(o view.Outcome) string {
	switch o.Ending {
	case view.OK, view.Answered, view.Open, view.Over:
		return "b-ok"
	case view.BadRequest:
		return "b-late"
	case view.Cancelled:
		return "b-gone"
	case view.Hung, view.Failed, view.TimedOut, view.Unanswered:
	}
	return "b-" + class(o.Color())
}

// pieces draws the bar of a terminal: each run of equal strokes is a piece.
func pieces(bar, class string) []piece {
	var all []piece
	strokes := []rune(bar)
	for at := 0; at < len(strokes); {
		n := 1
		for at+n < len(strokes) && strokes[at+n] == strokes[at] {
			n++
		}
		p := piece{Class: class, X: at, Width: n}
		switch strokes[at] {
		case ' ':
			p.Width = 0
		case '─', '╌':
			p.Y, p.Height = 4, 2
		case '·':
			p.Y, p.Height = 3, 4
		case '░':
			p.Class, p.Y, p.Height = "hatch", 2, 6
		case '━', '┿':
			p.Y, p.Height = 2, 6
		default: // a mark at its end
			p.Y, p.Height = 0, 10
		}
		if p.Width > 0 {
			all = append(all, p)
		}
		at += n
	}
	return all
}

// constant are attributes that all spans of a session share; the page has them at its top.
var constant = []string{semconv.SessionID, semconv.NetworkTransport, semconv.ServerName, semconv.ProtocolVersion, semconv.OperationName}

// attributes returns the attributes of a session's spans by their ids, but for captured content and those that are the same
// for all.
func attributes(s *store.Session) (map[string][]fact, error) {
	dir, err := s.Files()
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	all := map[string][]fact{}
	err = dir.Lines("traces.jsonl", func(line []byte) error {
		_, spans, err := otlpfile.ReadTraces(line)
		if err != nil {
			return nil //nolint:nilerr // the session's records count it
		}
		for i := range spans {
			var facts []fact
			for _, a := range spans[i].Attributes {
				if key := string(a.Key); !slices.Contains(constant, key) && !semconv.IsContent(key) {
					facts = append(facts, fact{view.Safe(key), view.Safe(a.Value.String()), view.Meaning(key)})
				}
			}
			all[spans[i].SpanID.String()] = facts
		}
		return nil
	})
	return all, err
}
