package session_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// describe writes an operation down in one line.
func describe(op *session.Operation, sizes, summary bool) string {
	var b strings.Builder
	b.WriteString(name(op, !summary))
	add := func(format string, args ...any) { fmt.Fprintf(&b, " "+format, args...) }
	if !summary {
		add("%v..%v", op.Start, op.End)
	}
	if op.Answered && !summary {
		add("wait=%v", op.FirstByte-op.Start)
	}
	for _, w := range []struct{ key, value string }{
		{"error", op.ErrorType}, {"code", op.Code}, {"class", string(op.Class)}, {"protocol", op.Protocol}, {"task", op.TaskStatus},
	} {
		if w.value != "" {
			add("%s=%s", w.key, w.value)
		}
	}
	if sizes {
		add("bytes=%d/%d", op.RequestSize, op.ResponseSize)
	}
	if op.RoundTrips != 1 {
		add("trips=%d", op.RoundTrips)
	}
	if op.InputWait != 0 {
		add("input=%v", op.InputWait)
	}
	if op.Duration() != op.End-op.Start {
		add("took=%v", op.Duration())
	}
	if op.Progress != 0 {
		add("progress=%d", op.Progress)
	}
	for _, f := range []struct {
		name string
		is   bool
	}{{"unanswered", !op.Answered}, {"batch", op.Batch}, {"ambiguous", op.Ambiguous}, {"mismatch", op.IDMismatch}} {
		if f.is {
			add("%s", f.name)
		}
	}
	if op.Parent != nil {
		add("in=(%s)", name(op.Parent, true))
	}
	if len(op.Events) > 0 && !summary {
		var events []string
		for _, e := range op.Events {
			events = append(events, fmt.Sprintf("%s@%v", e.Name, e.At))
		}
		add("events=[%s]", strings.Join(events, " "))
	}
	return b.String() + extra("asked", op.Request) + extra("told", op.Reply)
}

func name(op *session.Operation, id bool) string {
	s := arrow(op.Dir) + " " + op.Method
	if op.Target != "" {
		s += " " + op.Target
	}
	if id {
		s += " " + idText(op.ID)
	}
	return s
}

func arrow(d session.Direction) string { return map[session.Direction]string{0: ">", 1: "<"}[d] }

func idText(id session.ID) string {
	switch id.Type {
	case framing.NumberID:
		return "#" + id.Text
	case framing.StringID:
		return fmt.Sprintf("#%q", id.Text)
	case framing.NullID:
		return "#null"
	}
	return "#?"
}

// extra writes down what an Extra has for people.
func extra(what string, x *session.Extra) string {
	if x == nil {
		return ""
	}
	var words []string
	for _, w := range []struct{ key, value string }{
		{"jsonrpc", x.JSONRPC}, {"protocol", x.Protocol}, {"peer", strings.Trim(x.PeerName+"/"+x.PeerVersion, "/")},
		{"traceparent", x.Traceparent}, {"tracestate", x.Tracestate}, {"uri", x.URI}, {"level", x.Level},
		{"logger", x.Logger}, {"mode", x.Mode}, {"type", x.ResultType}, {"versions", strings.Join(x.Versions, ",")},
		{"tools", strings.Join(x.Tools, ",")}, {"templates", strings.Join(x.Templates, ",")},
	} {
		if w.value != "" {
			words = append(words, w.key+"="+w.value)
		}
	}
	if x.Resources > 0 {
		words = append(words, fmt.Sprintf("resources=%d", x.Resources))
	}
	if x.Listed > 0 {
		words = append(words, fmt.Sprintf("listed=%d:%dB", x.Listed, x.DefinitionSize))
	}
	if len(words) == 0 {
		return ""
	}
	return " " + what + "{" + strings.Join(words, " ") + "}"
}

func describeNote(n *session.Note, summary bool) string {
	m := n.Message
	s := arrow(m.Dir) + " "
	if !summary {
		s = fmt.Sprintf("%v %s", m.Last, s)
	}
	if n.Violation != "" {
		s += "! " + string(n.Violation)
		if m.Reason != "" {
			s += " (" + m.Reason + ")"
		}
		if m.Method != "" {
			s += " " + m.Method
		}
		return s
	}
	s += m.Method
	if m.Batch {
		s += " batch"
	}
	if n.Operation != nil {
		s += " in=(" + name(n.Operation, !summary) + ")"
	}
	return s + extra("told", m.Extra)
}

// player feeds the two directions of a session to a tracker, as a wrapper does, but in one goroutine.
type player struct {
	tracker  *session.Tracker
	decoders [2]session.Decoder
	scanners [2]*framing.Scanner
	message  session.Message
}

// epoch is when sessions in tests start.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// reader is immutable, and takes a while to make.
var reader = session.NewReader(session.Contents{})

func newPlayer(cfg session.Config, o session.Observer) *player {
	p := &player{tracker: session.New(cfg, o)}
	for dir := range p.scanners {
		d := &p.decoders[dir]
		d.Reader, d.Dir, d.Epoch = reader, session.Direction(dir), epoch
		p.scanners[dir] = framing.NewScanner(reader.Table, func(m *framing.Message) {
			d.Decode(m, &p.message)
			p.tracker.Observe(&p.message)
		})
	}
	return p
}

func (p *player) say(dir session.Direction, b []byte, at time.Duration) {
	before := string(b)
	p.scanners[dir].Write(b, epoch.Add(at))
	if string(b) != before {
		panic("what was relayed has been changed from " + before + " to " + string(b))
	}
}

func (p *player) end(at time.Duration) {
	for _, s := range p.scanners {
		s.Close(epoch.Add(at))
	}
}

// watch checks, whatever is said, what must always be true of what a tracker says.
type watch struct {
	t        interface{ Errorf(string, ...any) }
	open     map[*session.Operation]bool
	started  int
	finished int
}

func newWatch(t interface{ Errorf(string, ...any) }) *watch {
	return &watch{t: t, open: map[*session.Operation]bool{}}
}

func (w *watch) Started(op *session.Operation) {
	w.started++
	if w.open[op] {
		w.t.Errorf("%s started twice", name(op, true))
	}
	if op.Parent != nil && !w.open[op.Parent] {
		w.t.Errorf("%s started in %s, which is not open", name(op, true), name(op.Parent, true))
	}
	w.open[op] = true
}

func (w *watch) Finished(op *session.Operation) {
	w.finished++
	if !w.open[op] {
		w.t.Errorf("%s finished and was not open", name(op, true))
	}
	delete(w.open, op)
	if op.End < op.Start || op.Duration() < 0 || op.InputWait < 0 || op.Answered && op.FirstByte < op.Start || op.FirstByte > op.End {
		w.t.Errorf("the times of %s are out of order: %v..%v, first byte %v, input %v", name(op, true), op.Start, op.End, op.FirstByte, op.InputWait)
	}
	if len(op.Events) > session.MaxEvents {
		w.t.Errorf("%s has %d events", name(op, true), len(op.Events))
	}
}

func (w *watch) Noted(n *session.Note) {
	if n.Message == nil {
		w.t.Errorf("a note has no message")
	}
	if n.Operation != nil && !w.open[n.Operation] && n.Message.Method != "notifications/cancelled" {
		w.t.Errorf("a note is about %s, which is not open", name(n.Operation, true))
	}
}

// closed checks a tracker that has been closed.
func (w *watch) closed(t *session.Tracker) {
	if len(w.open) > 0 || w.started != w.finished {
		w.t.Errorf("%d operations started, %d finished", w.started, w.finished)
	}
	for table, left := range t.Left() {
		if left != 0 {
			w.t.Errorf("%d left in %s", left, table)
		}
	}
}
