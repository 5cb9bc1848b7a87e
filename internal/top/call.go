package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// callPane shows one operation whole.
type callPane struct {
	*watch.Call
	among      *timeline // where it was opened; nil if from another list
	attributes bool
	top        int // first line, where they are more than the screen has
}

func newCallPane(c *watch.Call, among *timeline) *callPane { return &callPane{Call: c, among: among} }

func (p *callPane) rows() *list { return nil }

func (p *callPane) hints() []string {
	attributes := "a attributes"
	if p.attributes {
		attributes = "a without"
	}
	hints := []string{"esc back", attributes, "y copy", "? keys", "q quit"}
	if p.among != nil {
		hints = slices.Insert(hints, 2, "[ ] others")
	}
	return hints
}

// update takes the newest record of the operation.
func (p *callPane) update(w *watch.World, _ *watch.Filter, _ bool) {
	s := p.Session
	if c := s.Operations[p.Op.Number]; c != nil {
		p.Call = c
	}
}

func (p *callPane) key(w *watch.World, key string) action {
	a := action{known: true}
	switch key {
	case "a":
		p.attributes, p.top = !p.attributes, 0
	case "[", "]":
		if p.among == nil {
			break
		}
		p.among.move(map[string]int{"[": -1, "]": 1}[key])
		if i := p.among.selected(); i >= 0 && p.among.shown[i].Note == 0 {
			p.Call, p.top = p.among.shown[i].Call, 0
		}
	case "down", "j":
		p.top++
	case "up", "k":
		p.top = max(p.top-1, 0)
	default:
		return action{}
	}
	return a
}

func (p *callPane) command() string {
	return fmt.Sprintf("spanpipe show %s --operation %d", p.Session.Name, p.Op.Number)
}

func (p *callPane) draw(w *watch.World, room Size) []Line {
	lines := p.all(w, room.Width)
	p.top = max(min(p.top, len(lines)-room.Height), 0)
	return lines[p.top:min(p.top+room.Height, len(lines))]
}

// all returns the whole page.
func (p *callPane) all(w *watch.World, width int) []Line {
	o := p.Outcome()
	var head Line
	head.add(Strong, " "+p.Name())
	what := fmt.Sprintf("%s, #%d", p.Session.Title(), p.Op.Number)
	if o.Ending == view.Hung {
		o.Detail = "" // the sentence says it
	}
	state := o.Long() + " " + view.Duration(p.Took(w.Now))
	if room := width - head.width() - len(what) - len(state) - 6; room >= 0 {
		head.space(room+2).add(Plain, what).add(style(o), "   "+state)
	} else {
		head.add(Plain, "  "+what)
	}
	lines := []Line{head, {}}
	lines = append(lines, sentences(p.Sentence(w.Now, o), width)...)
	lines = append(append(lines, Line{}), p.stations(w.Now, o, width)...)
	lines = append(append(lines, Line{}), p.facts(w, o, width)...)
	if notes := p.Remarks(); len(notes) > 0 {
		lines = append(lines, Line{})
		for _, n := range notes {
			lines = append(lines, sentences(n, width)...)
		}
	}
	lines = append(append(lines, Line{}), p.content(width)...)
	if p.attributes {
		lines = append(append(lines, Line{}), p.allAttributes(width)...)
	}
	return lines
}

// sentences returns a text as lines, with a margin.
func sentences(s string, width int) []Line {
	var out []Line
	for _, part := range wrapped(s, width-2) {
		out = append(out, text(Plain, " "+part))
	}
	return out
}

// stations draws the way of a call: the line breaks where it is stuck.
func (p *callPane) stations(now time.Time, o view.Outcome, room int) []Line {
	names := []string{"sent", "first byte", "last byte"}
	step := max(8, min((room-22)/2, 25))
	reached := 1
	values := []string{p.Op.Start.In(now.Location()).Format("15:04:05.0"), "–", "–"}
	switch {
	case p.Op.Answered && !p.Op.FirstByte.IsZero():
		reached = 3
		values[1], values[2] = "+"+view.Duration(p.Op.FirstByte.Sub(p.Op.Start)), "+"+view.Duration(p.Op.End.Sub(p.Op.Start))
	case p.Op.Answered:
		reached = 3
		values[1], values[2] = "", "+"+view.Duration(p.Op.End.Sub(p.Op.Start))
	case p.Op.Change != record.Ended:
		values[1] = view.Duration(p.Took(now)) + ", none"
	}
	var head, line, below Line
	at := 6
	for i, name := range names {
		head.to(at+i*step-len(name)/2).add(Dim, name)
		below.to(max(at+i*step-width(values[i])/2, 1)).add(Plain, values[i])
		line.to(at + i*step)
		dot := "○"
		if i < reached {
			dot = "●"
		}
		line.add(stationStyle(i < reached), dot)
		switch {
		case i == len(names)-1:
		case i+1 < reached:
			line.add(Work, strings.Repeat("━", step-1))
		case i+1 == reached && p.Op.Change != record.Ended:
			line.add(style(o), strings.Repeat("╍", step-1))
		default:
			line.add(Dim, strings.Repeat("─", step-1))
		}
	}
	return []Line{head, line, below}
}

func stationStyle(reached bool) Style {
	if reached {
		return Work
	}
	return Dim
}

// facts are what was measured.
func (p *callPane) facts(w *watch.World, o view.Outcome, width int) []Line {
	var lines []Line
	add := func(name, value string) {
		for i, part := range wrapped(value, width-12) {
			if i > 0 {
				name = ""
			}
			l := text(Dim, " ")
			lines = append(lines, *l.left(Dim, name, 9).space(1).add(Plain, part))
		}
	}
	request := view.Size(p.Op.RequestSize) + tokens(p.Op.RequestTokens)
	if p.Op.Undelivered {
		request += ", not all of it was read"
	}
	add("request", request)
	switch {
	case p.Op.Answered:
		answer := view.Size(p.Op.ResponseSize) + tokens(p.Op.ResponseTokens)
		if p.Op.Wait > 0 {
			answer += "; waited " + view.Duration(p.Op.Wait)
		}
		if p.Op.Transfer > 0 {
			answer += ", transfer " + view.Duration(p.Op.Transfer)
		}
		add("answer", answer)
	case p.Op.Change != record.Ended:
		add("answer", "no byte yet")
	default:
		add("answer", "none")
	}
	if p.Op.InputWait > 0 {
		add("person", view.Duration(p.Op.InputWait)+" in which the server waited for its client")
	}
	if p.Op.RoundTrips > 1 {
		add("requests", fmt.Sprint(p.Op.RoundTrips))
	}
	if p.Op.TaskStatus != "" {
		add("task", view.Steady(p.Op.TaskStatus))
	}
	if p.Op.Progress > 0 {
		add("progress", plural(p.Op.Progress, "notification"))
	}
	for _, e := range p.Op.Events {
		add(e.Time.In(w.Now.Location()).Format("15:04:05"), view.Steady(strings.ReplaceAll(e.Name, "_", " ")))
	}
	if p.Op.ArgumentsOf > 0 && p.Op.ArgumentsOf != p.Op.Number {
		add("repeats", fmt.Sprintf("the arguments of operation %d", p.Op.ArgumentsOf))
	}
	client := cmp.Or(p.Session.ClientTitle(), "unknown")
	if o.Ending == view.Hung || o.Ending == view.Open {
		client += ", still waiting"
	}
	add("client", client)
	return lines
}

// content is what was captured, or how to capture it.
func (p *callPane) content(width int) []Line {
	c := p.Op.Content
	var lines []Line
	type piece struct{ name, text string }
	pieces := []piece{{"arguments", c.Arguments}, {"uri", c.URI}, {"messages", c.Messages}}
	for _, v := range c.Variables {
		pieces = append(pieces, piece{view.Steady(v.Name), v.Value})
	}
	for _, piece := range append(pieces, piece{"result", c.Result}, piece{"error", c.Error}) {
		if piece.text == "" {
			continue
		}
		for i, part := range wrapped(view.Steady(piece.text), width-12) {
			l := text(Dim, " ")
			if i > 0 {
				piece.name = ""
			}
			lines = append(lines, *l.left(Dim, piece.name, 9).space(1).add(Plain, part))
		}
	}
	if len(lines) > 0 {
		return lines
	}
	state := "not captured, or expired"
	if p.Session.Content || p.Session.State == store.Live {
		state = "not captured"
	}
	for i, part := range wrapped(state+"; to keep arguments: SPANPIPE_CAPTURE=arguments", width-12) {
		l := text(Dim, " ")
		lines = append(lines, *l.left(Dim, map[bool]string{true: "content"}[i == 0], 9).space(1).add(Dim, part))
	}
	return lines
}

// longestKey is the width of a column of attributes' names.
const longestKey = 44

// allAttributes lists the attributes of the operation's span, each with its meaning.
func (p *callPane) allAttributes(width int) []Line {
	values := p.Call.Attributes()
	lines := []Line{text(Dim, " Attributes of its span")}
	for _, a := range semconv.OperationAttributes() {
		value, ok := values[a.Key]
		if !ok {
			continue
		}
		l := text(Plain, " ")
		l.left(Plain, a.Key, longestKey).space(1).left(Plain, view.Steady(value), min(20, max(width-longestKey-4, 8)))
		if rest := width - l.width() - 2; rest > 20 {
			l.space(1).add(Dim, view.CutEnd(strings.ReplaceAll(a.When, "`", ""), rest))
		}
		lines = append(lines, l)
	}
	if ids, ok := p.Session.Spans[p.Op.Number]; ok {
		lines = append(lines, text(Plain, " %-*s %s", longestKey, "trace id", ids.TraceID),
			text(Plain, " %-*s %s", longestKey, "span id", ids.SpanID))
	}
	return lines
}

// tokens returns an estimate behind a size; empty if there is none.
func tokens(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + view.SomeTokens(n)
}
