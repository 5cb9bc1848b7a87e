package replay

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// asCompared returns a fresh message as it is compared: redacted, if the recording is.
func asCompared(m *message) *message {
	if m.shown != nil {
		return m.shown
	}
	return m
}

// answer compares the answers to a request.
func (r *reporter) answer(entry *Entry, c *call) {
	where := scopeOf(c, c.method)
	if entry.Ignored = r.rules.ignores(where); entry.Ignored {
		return
	}
	o := r.outcomes[c]
	if c.answer != nil {
		entry.Recorded = c.answer.at - c.at
	}
	if o != nil && o.message != nil {
		entry.Replayed = o.took
	}
	n := r.normaliser
	switch hasIt := o != nil && o.message != nil; {
	case c.answer == nil && !hasIt, c.cancelled && (c.answer == nil || !hasIt): // a server may answer what is cancelled, or not
	case c.answer == nil:
		if r.isLate(o.message) {
			return
		}
		what, v := asCompared(o.message).content()
		shown := newComparer(n, where, "", nil, nil, nil).shownValue(v, &n.is)
		entry.Differences = append(entry.Differences, Difference{"answer", "", Added, "", wrapped(what, shown), "it was not answered before"})
	case !hasIt:
		if c.answer.index >= r.plan.closed {
			return
		}
		what, v := c.answer.content()
		shown := newComparer(n, where, "", nil, nil, nil).shownValue(v, &n.was)
		entry.Differences = append(entry.Differences, Difference{"answer", "", Removed, wrapped(what, shown), "", r.unanswered(o)})
	default:
		r.bothAnswered(entry, c, o.message, where)
	}
}

func (r *reporter) bothAnswered(entry *Entry, c *call, fresh *message, where scope) {
	n := r.normaliser
	was, wasValue := c.answer.content()
	is, isValue := asCompared(fresh).content()
	cmp := newComparer(n, where, was, r.carried.names, wasValue, isValue)
	if was != is {
		cmp.part = "answer"
		cmp.add(place{}, Changed, wrapped(was, cmp.shownValue(wasValue, &n.was)), wrapped(is, cmp.shownValue(isValue, &n.is)), "")
	} else {
		cmp.values(wasValue, isValue, place{})
	}
	r.envelopes(entry, where, c.answer.message, fresh)
	if c.answer.id != fresh.id {
		cmp.part = "id"
		cmp.add(place{}, Changed, c.answer.rawID(), fresh.rawID(), "the id of the answer")
	}
	entry.Differences = append(entry.Differences, cmp.found...)
}

// envelopes compares what stands in two messages beside what they say, such as the version of JSON-RPC.
func (r *reporter) envelopes(entry *Entry, where scope, recorded, fresh *message) {
	was, is := asCompared(recorded).envelope(), asCompared(fresh).envelope()
	cmp := newComparer(r.normaliser, where, "message", nil, was, is)
	cmp.values(was, is, place{})
	entry.Differences = append(entry.Differences, cmp.found...)
}

func wrapped(what, json string) string { return fmt.Sprintf("{%q:%s}", what, json) }

// unanswered says why there is no answer.
func (r *reporter) unanswered(o *outcome) string {
	switch {
	case o == nil:
		return "the request was not sent: " + r.stopped
	case o.overdue:
		return "there was no answer in time"
	}
	return "the server ended before it answered"
}

// isLate reports whether a fresh message came after the client had closed the server's input: whether it still comes is a race
// with the server's end.
func (r *reporter) isLate(m *message) bool { return m.line > r.late }

// sequence compares notifications that belong to one request: their order counts.
func (r *reporter) sequence(entry *Entry, g group, recorded []*message) {
	where := scopeOf(g.call, g.method)
	if r.rules.ignores(where) {
		return
	}
	fresh := r.groups[g]
	pairs := byPlace(recorded, fresh, func(a, b *message) bool {
		return r.messageSignature(a, &r.was, where) == r.messageSignature(b, &r.is, where)
	})
	r.pairs(entry, where, recorded, fresh, pairs, g.method)
	o := r.outcomes[g.call]
	if g.method != "notifications/progress" || g.call.answer == nil || o == nil || o.message == nil {
		return
	}
	for _, p := range pairs { // clients end the session for one that is late
		if p.recorded >= 0 && p.fresh >= 0 && recorded[p.recorded].line <= g.call.answer.line && fresh[p.fresh].line > o.message.line {
			part := g.method + " " + strconv.Itoa(p.fresh+1)
			entry.Differences = append(entry.Differences, Difference{part, "", Changed, "", "", "it came after the answer"})
		}
	}
}

// multitude compares messages that belong to the session: what other requests did at the time decides their order, so those that are
// alike belong together.
func (r *reporter) multitude(entry *Entry, where scope, recorded, fresh []*message, part string) {
	if entry.Ignored = r.rules.ignores(where); entry.Ignored {
		return
	}
	var sides [2][]*value
	for i, messages := range [][]*message{recorded, fresh} {
		for _, m := range messages {
			_, v := saying(m)
			sides[i] = append(sides[i], v)
		}
	}
	r.pairs(entry, where, recorded, fresh, r.pairAlike(sides[0], sides[1], where), part)
}

// messageSignature is the signature of what a message says, or of a line that is none.
func (r *reporter) messageSignature(m *message, on *side, where scope) string {
	_, v := saying(m)
	return r.signature(v, on, where)
}

// saying returns what a message says. A line that is none is a text.
func saying(m *message) (what string, v *value) {
	if m = asCompared(m); m.kind == noise {
		return "line", &value{kind: '"', text: trimmed(string(m.raw))}
	}
	return m.content()
}

// pairs compares messages pair by pair.
func (r *reporter) pairs(entry *Entry, where scope, recorded, fresh []*message, pairs []aligned, part string) {
	n := r.normaliser
	for _, p := range pairs {
		var was, is *value
		what, isPast := part, false
		if p.recorded >= 0 {
			what, was = saying(recorded[p.recorded])
			isPast = p.fresh < 0 && r.cameAfterClose(recorded[p.recorded])
		}
		if p.fresh >= 0 {
			what, is = saying(fresh[p.fresh])
			isPast = isPast || p.recorded < 0 && r.isLate(fresh[p.fresh])
		}
		if isPast {
			continue
		}
		cmp := newComparer(n, where, what, nil, was, is)
		if part != "" {
			cmp.part = part + " " + strconv.Itoa(max(p.recorded, p.fresh)+1)
		}
		cmp.values(was, is, place{})
		if p.recorded >= 0 && p.fresh >= 0 && recorded[p.recorded].kind != noise {
			r.envelopes(entry, where, recorded[p.recorded], fresh[p.fresh])
		}
		if p.recorded < 0 && is == nil || p.fresh < 0 && was == nil { // one without params
			cmp.add(place{}, map[bool]Change{true: Added, false: Removed}[p.recorded < 0], "", "", "")
		}
		entry.Differences = append(entry.Differences, cmp.found...)
	}
}

// cameAfterClose reports whether a recorded message came after the client had closed the server's input.
func (r *reporter) cameAfterClose(m *message) bool {
	i := slices.IndexFunc(r.plan.expected, func(e *expected) bool { return e.message == m })
	return i >= r.plan.closed
}

// serverRequests compares the server's requests.
func (r *reporter) serverRequests() {
	n := r.normaliser
	for _, e := range r.plan.expected {
		if e.kind != request {
			continue
		}
		where := scope{method: e.method}
		entry := Entry{Sort: ServerRequest, Name: e.method, Ignored: r.rules.ignores(where)}
		fresh := r.asked[e]
		switch was := withoutToken(e.message); {
		case entry.Ignored:
		case fresh != nil:
			is := withoutToken(asCompared(fresh))
			cmp := newComparer(n, where, "params", nil, was, is)
			cmp.values(was, is, place{})
			entry.Differences = cmp.found
			r.envelopes(&entry, where, e.message, fresh)
		case e.index < r.plan.closed:
			cmp := newComparer(n, where, "request", nil, nil, nil)
			cmp.add(place{}, Removed, wrapped("method", quoted(e.method)), "", "the server did not send it")
			entry.Differences = cmp.found
		}
		r.report.Entries = append(r.report.Entries, entry)
	}
	for _, m := range r.unasked {
		where := scope{method: m.method}
		if r.rules.ignores(where) || r.isLate(m) {
			continue
		}
		r.report.Entries = append(r.report.Entries, Entry{Sort: ServerRequest, Name: m.method, Differences: []Difference{
			{"request", "", Added, "", wrapped("method", quoted(m.method)), "the server did not send it before"},
		}})
	}
}

// stdout compares the lines that no message is in.
func (r *reporter) stdout() {
	var recorded []*message
	for _, e := range r.plan.expected {
		if e.kind == noise {
			recorded = append(recorded, e.message)
		}
	}
	if len(recorded)+len(r.noise) > 0 {
		entry := Entry{Sort: Stdout, Name: "stdout"}
		r.multitude(&entry, scope{method: "stdout"}, recorded, r.noise, "")
		r.report.Entries = append(r.report.Entries, entry)
	}
}

// stop adds that not all was played, if nothing else that differs follows from that.
func (r *reporter) stop() {
	if r.stopped != "" && r.report.Differences() == 0 {
		r.report.Entries = append(r.report.Entries, Entry{Sort: Stdout, Name: "stdout", Differences: []Difference{
			{"end", "", Added, "", "", r.stopped + " before the client was done"},
		}})
	}
}

// exit compares how the servers ended.
func (r *reporter) exit() {
	was, is := r.plan.rec.Exit(), r.Exit
	if was == nil || is == nil {
		return
	}
	entry := Entry{Sort: Exit, Name: "exit", Ignored: r.rules.ignores(scope{method: "exit"})}
	same := *was == *is || endedByClient(was) && (endedByClient(is) || is.Code == 0 && is.Signal == "")
	if !same && !entry.Ignored {
		entry.Differences = []Difference{{"exit", "", Changed, exitText(was), exitText(is), ""}}
	}
	r.report.Entries = append(r.report.Entries, entry)
}

// endedByClient reports whether a server was ended by a signal as clients send it, which says nothing about the server.
func endedByClient(e *recording.Exit) bool {
	switch e.Signal {
	case "SIGTERM", "SIGKILL", "SIGINT", "SIGHUP":
		return true
	}
	const shell = 128 // plus the signal's number is the code of a process that says so itself
	return e.Signal == "" && slices.Contains([]int{shell + 1, shell + 2, shell + 9, shell + 15}, e.Code)
}

func exitText(e *recording.Exit) string {
	if e.Signal != "" {
		return quoted(e.Signal)
	}
	return strconv.Itoa(e.Code)
}

// Patience returns how long the server should be given to end by itself: one that did when it was recorded has long, since a busy
// machine is no difference, and one that had to be ended has as long as clients give it.
func (p *Plan) Patience() time.Duration {
	const long, clients = 20 * time.Second, 2 * time.Second
	if e := p.rec.Exit(); e != nil && !endedByClient(e) {
		return long
	}
	return clients
}
