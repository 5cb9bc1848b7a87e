package session_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// describer writes records down as the conversations have them. What they print and a record does not hold comes from
// the message that the player has just decoded, and from the tracker's live operation.
type describer struct {
	player   *player
	live     map[uint64]*session.Live
	requests map[uint64]*session.Extra
	names    map[uint64]names
}

// names is what an operation is called, without its id and with it.
type names struct{ short, long string }

func newDescriber() *describer {
	return &describer{live: map[uint64]*session.Live{}, requests: map[uint64]*session.Extra{}, names: map[uint64]names{}}
}

// opened takes what must be remembered of an operation until it ends.
func (d *describer) opened(op *record.Operation) {
	live := d.player.tracker.Live(op.Number)
	short := arrow(op.Direction) + " " + op.Method
	if op.Target != "" {
		short += " " + op.Target
	}
	d.live[op.Number], d.requests[op.Number] = live, d.player.raw.Extra
	d.names[op.Number] = names{short, short + " " + idText(live.IDType(), op.RequestID)}
}

func (d *describer) name(number uint64, id bool) string {
	if id {
		return d.names[number].long
	}
	return d.names[number].short
}

// operation writes an operation down in one line.
func (d *describer) operation(op *record.Operation, sizes, summary bool) string {
	var b strings.Builder
	b.WriteString(d.name(op.Number, !summary))
	add := func(format string, args ...any) { fmt.Fprintf(&b, " "+format, args...) }
	if !summary {
		add("%v..%v", op.Start.Sub(epoch), op.End.Sub(epoch))
	}
	if op.Answered && !summary {
		add("wait=%v", op.FirstByte.Sub(op.Start))
	}
	for _, w := range []struct{ key, value string }{
		{"error", op.ErrorType}, {"code", op.Code}, {"class", string(op.Class)}, {"protocol", op.Protocol},
		{"requested", different(op.Requested, op.Protocol)}, {"task", op.TaskStatus},
	} {
		if w.value != "" {
			add("%s=%s", w.key, w.value)
		}
	}
	if op.DefinitionSize > 0 {
		add("list=%d:%dB", op.ToolCount, op.DefinitionSize)
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
	if op.Duration != op.End.Sub(op.Start) {
		add("took=%v", op.Duration)
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
	if op.Parent != 0 {
		add("in=(%s)", d.name(op.Parent, true))
	}
	if len(op.Events) > 0 && !summary {
		var events []string
		for _, e := range op.Events {
			events = append(events, fmt.Sprintf("%s@%v", e.Name, e.Time.Sub(epoch)))
		}
		add("events=[%s]", strings.Join(events, " "))
	}
	return b.String() + d.extra("asked", d.requests[op.Number]) + d.extra("told", d.live[op.Number].Reply())
}

// different returns a text if it differs from another one.
func different(text, other string) string {
	if text == other {
		return ""
	}
	return text
}

// hanging writes down in one line that an operation has been open for long.
func (d *describer) hanging(op *record.Operation, summary bool) string {
	if summary {
		return "hangs (" + d.name(op.Number, false) + ")"
	}
	return fmt.Sprintf("%v hangs (%s) took=%v", op.Start.Add(op.Duration+op.InputWait).Sub(epoch), d.name(op.Number, true), op.Duration)
}

func arrow(d record.Direction) string {
	return map[record.Direction]string{record.ToServer: ">", record.ToClient: "<"}[d]
}

func idText(typ framing.IDType, text string) string {
	switch typ {
	case framing.NumberID:
		return "#" + text
	case framing.StringID:
		return fmt.Sprintf("#%q", text)
	case framing.NullID:
		return "#null"
	}
	return "#?"
}

// extra writes down what an Extra has for people.
func (d *describer) extra(what string, x *session.Extra) string {
	if x == nil {
		return ""
	}
	var words []string
	seen := d.player.seen[x]
	for _, w := range []struct{ key, value string }{
		{"jsonrpc", x.JSONRPC}, {"protocol", x.Protocol}, {"peer", strings.Trim(x.PeerName+"/"+x.PeerVersion, "/")},
		{"traceparent", x.Traceparent}, {"tracestate", x.Tracestate}, {"uri", seen.uri}, {"level", cmp.Or(seen.level, x.Level)},
		{"logger", x.Logger}, {"mode", seen.mode}, {"type", x.ResultType}, {"versions", seen.versions},
		{"tools", strings.Join(x.Names(record.ToolDefinition), ",")}, {"templates", strings.Join(x.Names(record.TemplateDefinition), ",")},
	} {
		if w.value != "" {
			words = append(words, w.key+"="+w.value)
		}
	}
	if seen.resources > 0 {
		words = append(words, fmt.Sprintf("resources=%d", seen.resources))
	}
	if x.List == record.ToolDefinition && x.Listed > 0 {
		words = append(words, fmt.Sprintf("listed=%d:%dB", x.Listed, x.DefinitionSize))
	}
	if len(words) == 0 {
		return ""
	}
	return " " + what + "{" + strings.Join(words, " ") + "}"
}

// note writes a notification or a violation down in one line, and nothing for any other note.
func (d *describer) note(n record.Note, summary bool) string {
	at := func(direction record.Direction, time time.Time) string {
		if summary {
			return arrow(direction) + " "
		}
		return fmt.Sprintf("%v %s ", time.Sub(epoch), arrow(direction))
	}
	switch n := n.(type) {
	case record.Violation:
		s := at(n.Direction, n.Time) + "! " + string(n.Kind)
		if n.Reason != "" {
			s += " (" + n.Reason + ")"
		}
		for _, w := range []struct{ key, value string }{
			{"", n.Method}, {"sent=", n.Sent}, {"awaited=", n.Awaited}, {"requested=", n.Requested}, {"given=", n.Given},
			{"supported=", n.Supported},
		} {
			if w.value != "" && !summary {
				s += " " + w.key + w.value
			}
		}
		if n.Late > 0 && !summary {
			s += fmt.Sprintf(" late=%v", n.Late)
		}
		return s
	case record.Notification:
		s := at(n.Direction, n.Time) + n.Method
		if n.Batch {
			s += " batch"
		}
		if n.Operation != 0 {
			s += " in=(" + d.name(n.Operation, !summary) + ")"
		}
		return s + d.extra("told", d.player.raw.Extra)
	}
	return ""
}

// directions are the two of a session. Their places here are those of what a player has one of for each.
var directions = [2]record.Direction{record.ToServer, record.ToClient}

func place(dir record.Direction) int { return slices.Index(directions[:], dir) }

// player feeds the two directions of a session to a tracker, as a wrapper does, but in one goroutine.
type player struct {
	tracker  *session.Tracker
	decoders [2]session.Decoder
	scanners [2]*framing.Scanner
	raw      session.Raw
	line     [2][]byte               // what has come of the present line
	seen     map[*session.Extra]seen // if wanted
	now      time.Duration           // of the step
}

// seen is what the conversations print of a message and the tracker does not need.
type seen struct {
	uri, level, mode, versions string
	resources                  int
}

// reread reads a line once more, with a parser.
func reread(line []byte) (s seen) {
	var m struct {
		Params struct {
			Mode string
			Meta struct {
				Level string `json:"io.modelcontextprotocol/logLevel"`
			} `json:"_meta"`
			Notifications struct{ ResourceSubscriptions []string }
		}
		Result struct{ SupportedVersions []string }
	}
	if json.Unmarshal(line, &m) == nil { // else it is not one of MCP's, or a batch
		s.mode, s.level = m.Params.Mode, m.Params.Meta.Level
		s.versions = strings.Join(m.Result.SupportedVersions, ",")
		s.resources = len(m.Params.Notifications.ResourceSubscriptions)
	}
	return s
}

// epoch is when sessions in tests start.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// reader is immutable, and takes a while to make.
var reader = session.NewReader(session.Contents{})

func newPlayer(cfg session.Config, sink session.Sink) *player {
	cfg.Session.Launched = epoch
	p := &player{tracker: session.New(cfg, sink)}
	for i, dir := range directions {
		d := &p.decoders[i]
		d.Reader, d.Dir, d.Epoch = reader, dir, epoch
		p.scanners[i] = framing.NewScanner(reader.Table, func(m *framing.Message) {
			d.Decode(m, &p.raw)
			p.redact()
			p.observe()
		})
	}
	return p
}

// observe gives the message to the tracker, which must not change it.
func (p *player) observe() {
	if p.seen == nil {
		p.tracker.Observe(&p.raw.Message)
		return
	}
	message, extra := p.raw.Message, session.Extra{}
	if message.Extra != nil {
		extra = *message.Extra
	}
	p.tracker.Observe(&p.raw.Message)
	if p.raw.Message != message || message.Extra != nil && !reflect.DeepEqual(*message.Extra, extra) {
		panic("the tracker has changed a message")
	}
}

// redact does the work of the redact stage: here it labels every resource with the same word.
func (p *player) redact() {
	var s seen
	if p.seen != nil {
		s = reread(p.line[place(p.raw.Dir)])
		s.uri = p.raw.URI
	}
	if p.raw.Extra == nil && (p.raw.URI != "" || s != seen{}) {
		p.raw.Extra = &session.Extra{}
	}
	if p.raw.URI != "" {
		p.raw.Extra.Resource = "label"
	}
	if p.seen != nil && p.raw.Extra != nil {
		p.seen[p.raw.Extra] = s
	}
}

func (p *player) say(dir record.Direction, b []byte, at time.Duration) {
	before := string(b)
	if p.seen != nil {
		p.line[place(dir)] = append(p.line[place(dir)], b...)
	}
	p.scanners[place(dir)].Write(b, epoch.Add(at))
	if string(b) != before {
		panic("what was relayed has been changed from " + before + " to " + string(b))
	}
	if strings.HasSuffix(before, "\n") {
		p.line[place(dir)] = nil
	}
}

func (p *player) end(at time.Duration) {
	for _, s := range p.scanners {
		s.Close(epoch.Add(at))
	}
}

// watch checks what must be true of the records of any session.
type watch struct {
	t      interface{ Errorf(string, ...any) }
	open   map[uint64]bool
	opened uint64
	ended  uint64
	notes  int
	exited bool
}

func newWatch(t interface{ Errorf(string, ...any) }) *watch {
	return &watch{t: t, open: map[uint64]bool{}}
}

func (w *watch) Opened(op *record.Operation) {
	w.opened++
	if op.Number != w.opened || op.Change != record.Opened || w.notes == 0 || w.exited {
		w.t.Errorf("operation %d opened as number %d with the change %s", w.opened, op.Number, op.Change)
	}
	if op.Parent != 0 && !w.open[op.Parent] {
		w.t.Errorf("%d opened in %d, which is not open", op.Number, op.Parent)
	}
	if op.ArgumentsOf > op.Number {
		w.t.Errorf("%d has the arguments of %d, which comes later", op.Number, op.ArgumentsOf)
	}
	w.open[op.Number] = true
}

func (w *watch) Changed(op *record.Operation) {
	if !w.open[op.Number] || op.Change == record.Opened {
		w.t.Errorf("%d changed (%s) and was not open", op.Number, op.Change)
	}
	if op.Duration < 0 || op.InputWait < 0 || op.Wait < 0 || op.Transfer < 0 {
		w.t.Errorf("%d has negative durations: %v, input %v, wait %v, transfer %v", op.Number, op.Duration, op.InputWait, op.Wait, op.Transfer)
	}
	if len(op.Events) > session.MaxEvents {
		w.t.Errorf("%d has %d events", op.Number, len(op.Events))
	}
	if op.Change != record.Ended {
		if !op.End.IsZero() || op.Answered {
			w.t.Errorf("%d has ended, and its change is %s", op.Number, op.Change)
		}
		return
	}
	w.ended++
	delete(w.open, op.Number)
	if op.End.Before(op.Start) || op.Answered != !op.FirstByte.IsZero() ||
		op.Answered && (op.FirstByte.Before(op.Start) || op.FirstByte.After(op.End)) {
		w.t.Errorf("the times of %d are out of order: %v..%v, first byte %v", op.Number, op.Start, op.End, op.FirstByte)
	}
}

func (w *watch) Noted(n record.Note) {
	w.notes++
	if _, first := n.(record.Session); w.notes == 1 && !first {
		w.t.Errorf("the first record is a %T", n)
	}
	if w.exited {
		w.t.Errorf("a %T after the end", n)
	}
	switch n := n.(type) {
	case record.Notification:
		if n.Operation != 0 && !w.open[n.Operation] && n.Method != "notifications/cancelled" {
			w.t.Errorf("a note is about %d, which is not open", n.Operation)
		}
	case record.Exit:
		w.exited = true
	}
}

// closed checks a tracker that has been closed.
func (w *watch) closed(t *session.Tracker) {
	if len(w.open) > 0 || w.opened != w.ended || !w.exited {
		w.t.Errorf("%d operations opened, %d ended; exited: %v", w.opened, w.ended, w.exited)
	}
	for table, left := range t.Left() {
		if left != 0 {
			w.t.Errorf("%d left in %s", left, table)
		}
	}
}
