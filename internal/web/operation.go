package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Bounds of what is shown of one operation.
const (
	mostMoments = 200
	mostRelated = 100
)

func (s *runSource) operation(r *http.Request) (any, error) {
	name := r.PathValue("name")
	number, err := strconv.ParseUint(r.PathValue("number"), 10, 63)
	if err != nil {
		return nil, wrong(view.Safe(r.PathValue("number"))+" is no number of an operation", "want a whole number, from 1")
	}
	var out *api.Operation
	err = s.readRun(r.Context(), name, func(log *runLog, now time.Time) error {
		one := log.sessions[name]
		if one == nil {
			return missing(fmt.Sprintf("there is no session %q", view.Safe(name)), "an operation is that of a session, not of a run")
		}
		w, err := one.whole(r.Context(), number, now)
		if err != nil {
			return err
		}
		s.keeper.during(r.Context(), func(known *watch.World) { w.usual = usualOf(known, w.call) })
		w.expires = s.config.Store.Keep.Content
		out = w.reply()
		return nil
	})
	return out, err
}

// whole is one operation with what is known around it.
type whole struct {
	call    *watch.Call
	outcome view.Outcome
	ids     store.SpanIDs
	log     *sessionLog
	now     time.Time
	related []*row
	parent  *row
	usual   *usual        // nil: not known
	expires time.Duration // how long captured content is kept; 0: forever
}

// whole reads one operation.
func (s *sessionLog) whole(ctx context.Context, number uint64, now time.Time) (*whole, error) {
	op, ids, err := s.Operation(ctx, number)
	if err != nil {
		return nil, err
	}
	for open := range s.stillOpen {
		if op == nil && open.Number == number {
			op = new(*open)
		}
	}
	if op == nil {
		return nil, missing(fmt.Sprintf("session %s has no operation %d that can be read", s.Name, number),
			"one that began less than a second ago comes once it ends or has been open for longer")
	}
	w := &whole{log: s, ids: ids, now: now}
	w.look(op)
	w.call = s.call(op)
	w.outcome = w.call.Outcome()
	return w, nil
}

// look looks for what the operation belongs to.
func (w *whole) look(op *record.Operation) {
	all := append(w.log.open(w.now), w.log.rows...)
	for _, r := range all {
		if r.number == op.Number && r.flags&api.FlagNote == 0 {
			op.Parent = cmp.Or(r.parent, op.Parent)
		}
	}
	for _, r := range all {
		switch {
		case r.flags&api.FlagNote != 0:
			if r.parent == op.Number && len(w.related) < mostRelated {
				w.related = append(w.related, r)
			}
		case r.number == op.Parent:
			w.parent = r
		case r.parent == op.Number && len(w.related) < mostRelated:
			w.related = append(w.related, r)
		}
	}
	slices.SortFunc(w.related, (*row).compare)
}

// reply returns the operation as the page shows it.
func (w *whole) reply() *api.Operation {
	c, op := w.call, &w.call.Op
	out := &api.Operation{
		Reply:  api.NewReply(w.now),
		Place:  api.Place{Run: runID(&c.Session.Session), Session: c.Session.Name, Operation: op.Number},
		Server: c.Session.Title(), Name: c.Name(), Kind: kindOf(op),
		Outcome: outcomeNow(c, w.log.stillOpen), Stations: stationsOf(c, w.now), Evidence: w.evidence(),
		Hint: w.hint(), Attributes: w.attributes(), Content: w.content(), Moments: w.moments(),
		Commands: []string{fmt.Sprintf("spanpipe show %s --operation %d", c.Session.Name, op.Number)},
	}
	out.Badge = w.badge(&out.Outcome)
	out.Headline, out.Detail = storyOf(c, w.now)
	for _, text := range c.Remarks() {
		out.Remarks = append(out.Remarks, api.Remark{Text: text, Tone: api.Late})
	}
	relate := func(relation string, r *row) {
		if r.flags&api.FlagNote == 0 {
			place := api.Place{Run: out.Run, Session: r.session, Operation: r.number}
			out.Related = append(out.Related, api.Related{Relation: relation, Name: r.name, Place: place, Outcome: *r.outcome})
		}
	}
	if w.parent != nil {
		relate("caused by", w.parent)
	}
	for _, r := range w.related {
		relate("caused", r)
	}
	return out
}

func kindOf(op *record.Operation) string {
	switch {
	case op.Direction == record.ToClient:
		return "question"
	case op.IsCall():
		return "call"
	}
	return "request"
}

// badge returns the outcome, with how long it took or has taken where that says more.
func (w *whole) badge(now *api.Outcome) string {
	took := view.Duration(w.call.Took(w.now))
	switch o := w.outcome; {
	case now.Text == waitsForYou:
		return waitsForYou + " " + took
	case o.Ending == view.Hung || o.Ending == view.Open:
		return string(o.Ending) + " " + took
	case o.Late > 0 || o.Tokens > 0:
		return o.Short()
	default:
		return o.Short() + " " + took
	}
}

// storyOf says what happened, and whose side that was on.
func storyOf(c *watch.Call, now time.Time) (head, detail string) {
	o := c.Outcome()
	if o.Ending == view.Hung {
		return headline(c, view.StallSeen(&c.Op))
	}
	text := c.Sentence(now, o)
	if stall := view.StallSeen(&c.Op).String(); stall != "" {
		if before, is := strings.CutSuffix(text, stall); is {
			return strings.TrimSpace(before), stall
		}
	}
	if first, rest, more := strings.Cut(text, ". "); more {
		return first + ".", rest
	}
	if o.Tokens > 0 {
		detail = "Its result takes " + view.SomeTokens(o.Tokens) + " of the model's context."
	}
	return text, detail
}

// evidence returns what was measured.
func (w *whole) evidence() []api.Fact {
	c, op := w.call, &w.call.Op
	var all []api.Fact
	add := func(label, text string, tone api.Tone) {
		all = append(all, api.Fact{Label: label, Text: text, Tone: tone})
	}
	waits := w.outcome.Ending == view.Hung || w.outcome.Ending == view.Open
	asker, answerer := c.Peers()
	request := view.Size(op.RequestSize) + tokensOf(op.RequestTokens)
	switch {
	case op.Undelivered || op.Seen().Unread > 0:
		add("request", request+unread(op, answerer), api.Bad)
	case wasRead(op.Stall):
		add("request", request+", all read by the "+answerer, "")
	default:
		add("request", request, "")
	}
	switch {
	case op.Answered:
		add("answer", view.Size(op.ResponseSize)+tokensOf(op.ResponseTokens)+mediaOf(op.ResponseMedia), "")
	case w.outcome.Late > 0:
		add("answer", "came "+view.Duration(w.outcome.Late)+" too late and was thrown away", api.Late)
	case op.Seen().Partial > 0:
		add("answer", view.Size(op.Seen().Partial)+" of it came, and not its end", api.Bad)
	case waits:
		add("answer", "no byte yet", "")
	default:
		add("answer", "none", "")
	}
	if op.Wait > 0 && op.Answered {
		add("waiting", view.Duration(op.Wait)+" until the first byte", "")
	}
	if op.Transfer > 0 && op.Answered {
		add("transfer", view.Duration(op.Transfer)+" for "+view.Size(op.ResponseSize), "")
	}
	if op.InputWait > 0 {
		add("person", view.Duration(op.InputWait)+" in which the server waited for its client", api.Person)
	}
	if text := processOf(op.Seen()); text != "" {
		add("process", text+view.SeenAfter(op), "")
	}
	if w.usual != nil {
		add("usual", fmt.Sprintf("p95 %s, at most %s", view.Duration(w.usual.p95), view.Duration(w.usual.most)), "")
	}
	if waits {
		add(asker, "still waiting, has not cancelled", "")
	}
	return append(all, factsOf(c)...)
}

// factsOf returns what few operations have.
func factsOf(c *watch.Call) []api.Fact {
	op := &c.Op
	var all []api.Fact
	add := func(label, text string) { all = append(all, api.Fact{Label: label, Text: text}) }
	if op.Code != "" {
		add("code", view.Steady(op.Code))
	}
	if op.RoundTrips > 1 {
		add("requests", fmt.Sprint(op.RoundTrips))
	}
	if op.TaskStatus != "" {
		add("task", view.Steady(op.TaskStatus))
	}
	if op.Progress > 0 {
		add("progress", view.Plural(op.Progress, "notification"))
	}
	if op.ArgumentsOf > 0 && op.ArgumentsOf != op.Number {
		add("repeats", fmt.Sprintf("the arguments of operation %d", op.ArgumentsOf))
	}
	if op.ToolCount > 0 {
		add("tools", fmt.Sprintf("%s, definitions of %s%s", view.Plural(op.ToolCount, "tool"), view.Size(op.DefinitionSize), tokensOf(op.DefinitionTokens)))
	}
	return all
}

// wasRead reports whether a verdict shows that the request was read.
func wasRead(s record.Stall) bool {
	switch s {
	case record.AnswerIncomplete, record.ServerWaitingForClient, record.BridgeRemote, record.WaitingForChild, record.ServerBusy,
		record.ServerIdle:
		return true
	}
	return false
}

func unread(op *record.Operation, answerer string) string {
	if n := op.Seen().Unread; n > 0 {
		return ", " + view.Size(n) + " of it and what came before not read by the " + answerer
	}
	return ", not all read by the " + answerer
}

// processOf returns what the server's processes did.
func processOf(e record.Evidence) string {
	var parts []string
	if e.Over > 0 {
		cpu := "no CPU time"
		if e.CPU > 0 {
			cpu = view.Duration(e.CPU) + " of CPU time"
		}
		parts = append(parts, cpu+" in the last "+view.Duration(e.Over))
	}
	if e.Processes > 0 {
		text := "1 process"
		if e.Processes > 1 {
			text = view.Number(e.Processes) + " processes"
		}
		for _, kind := range []struct {
			n    int
			word string
		}{{e.Stopped, "stopped"}, {e.Running, "running"}, {e.Children, "begun since"}} {
			if kind.n > 0 {
				text += fmt.Sprintf(", %d %s", kind.n, kind.word)
			}
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// tokensOf returns an estimate behind a size; empty if there is none.
func tokensOf(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + view.SomeTokens(n)
}

func mediaOf(n int64) string {
	if n == 0 {
		return ""
	}
	return ", " + view.Size(n) + " of it encoded data"
}

// hint says what to do or to know next.
func (w *whole) hint() string {
	if w.outcome.Ending == view.Hung && w.call.Op.Stall == record.ServerIdle {
		text := "A server that waits for a lock or for the network looks like this."
		if pid := w.call.Session.Process.ServerPID; pid > 0 && w.call.Session.State == store.Live {
			text += fmt.Sprintf(" Its process id is %d.", pid)
		}
		return text
	}
	return ""
}

// attributes returns those of the operation's span, each with its meaning.
func (w *whole) attributes() []api.Attribute {
	all := []api.Attribute{}
	values := w.call.Attributes()
	add := func(key, value string) {
		all = append(all, api.Attribute{Key: key, Value: view.Steady(value), Meaning: view.Meaning(key)})
	}
	for _, a := range semconv.OperationAttributes() {
		if value, ok := values[a.Key]; ok {
			add(a.Key, value)
		}
	}
	if w.ids.SpanID.IsValid() {
		add("trace_id", w.ids.TraceID.String())
		add("span_id", w.ids.SpanID.String())
	}
	return all
}

// moments returns what happened while the operation was open.
func (w *whole) moments() []api.Moment {
	op := &w.call.Op
	var all []api.Moment
	for _, e := range op.Events {
		all = append(all, api.Moment{After: seconds(e.Time.Sub(op.Start)), Text: view.Steady(strings.ReplaceAll(e.Name, "_", " "))})
	}
	for _, r := range w.related {
		if r.flags&api.FlagNote != 0 {
			all = append(all, api.Moment{After: seconds(r.start.Sub(op.Start)), Text: r.name})
		}
	}
	slices.SortStableFunc(all, func(a, b api.Moment) int { return cmp.Compare(a.After, b.After) })
	return all[:min(len(all), mostMoments)]
}
