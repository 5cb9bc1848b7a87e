package replay

import (
	"fmt"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// What a server may write is what it wrote when it was recorded, several times, and more than most ever do. A line costs more than its
// bytes.
const (
	lineCost    = 256
	timesBefore = 4
	muchWritten = 128 << 20
)

// mostOf returns how many bytes a server may write, each line with its cost.
func mostOf(rec *recording.Recording) int {
	most := muchWritten
	for i := range rec.Events {
		most += timesBefore * (len(rec.Events[i].Data) + lineCost)
	}
	return most
}

// line takes in a line of the fresh server's.
func (p *player) line(data []byte) {
	p.last = time.Now()
	p.size += len(data) + lineCost
	kept := p.redacted(recording.Server, data)
	p.log(recording.Event{From: recording.Server, Data: kept})
	line := recording.Line{At: p.elapsed(), From: recording.Server, Data: data}
	shown := line
	shown.Data = kept
	compared := read(len(p.events), shown)
	for i, m := range read(len(p.events), line) {
		if p.cfg.Redact != nil && i < len(compared) {
			m.shown = compared[i]
		}
		switch m.kind {
		case answer:
			p.answered(m)
		case request:
			p.serve(m)
		case notification:
			c := owner(m, p.tokens, p.requests)
			if c != nil {
				p.heard[c] = p.last
			}
			p.notified(c, m)
		default:
			p.noise = append(p.noise, m)
		}
	}
}

// answered takes in an answer.
func (p *player) answered(m *message) {
	i := waits(p.open, m.id)
	if i < 0 {
		p.notified(nil, m)
		return
	}
	c := p.open[i]
	p.open = slices.Delete(p.open, i, i+1)
	p.missed = 0
	o := p.outcomes[c]
	o.message, o.took = m, m.at-o.sent
	if c.answer != nil {
		p.arrived[c.answer] = p.last
		p.carried.learn(c.answer.message, m)
	}
}

// notified takes in a notification, or an answer to no request. For what waits for one, the first of a group is the first.
func (p *player) notified(c *call, m *message) {
	g := groupOf(c, m)
	if n := len(p.groups[g]); n < len(p.byGroup[g]) {
		p.arrived[p.byGroup[g][n]] = p.last
	}
	if len(p.groups[g]) == 0 {
		p.order = append(p.order, g)
	}
	p.groups[g] = append(p.groups[g], m)
}

// serve takes in a request of the fresh server's: the recorded client's answer to it follows.
func (p *player) serve(m *message) {
	e := p.recordedRequest(m)
	if e == nil {
		p.unasked = append(p.unasked, m)
		p.say([]byte(p.improvised(m)))
		return
	}
	p.asked[e], p.arrived[e] = m, p.last
	p.carried.learn(e.message, m)
	p.ready = append(p.ready, e.replies...)
}

// recordedRequest returns the recorded request that a fresh one stands for: one that is the same, or else the first of its
// method. Ids say nothing here, since every server chooses its own.
func (p *player) recordedRequest(m *message) *expected {
	n := newNormaliser(&Rules{}, p.Played, time.Now())
	var first *expected
	for _, e := range p.plan.expected {
		if e.kind != request || e.method != m.method || p.asked[e] != nil {
			continue
		}
		if n.alike(withoutToken(e.message), withoutToken(m)) {
			return e
		}
		if first == nil {
			first = e
		}
	}
	return first
}

// improvised returns the answer to a request that the recorded server did not make: what it was answered before, if it did make
// the same one, and else a refusal, so that the fresh server can go on.
func (p *player) improvised(m *message) string {
	reply := `"error":{"code":-32601,"message":"the recorded client was not asked for this"}`
	if m.method == ping {
		reply = `"result":{}`
	}
	for _, e := range p.plan.expected {
		if e.kind == request && e.method == m.method && e.reply != nil && equal(withoutToken(e.message), withoutToken(m)) {
			what, v := e.reply.content()
			reply = fmt.Sprintf("%s:%s", quoted(what), v.json())
		}
	}
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,%s}`+"\n", m.rawID(), reply)
}

// withoutToken returns the params of a request, less the token for its progress, which every server chooses anew.
func withoutToken(m *message) *value {
	_, params := m.content()
	return without(without(params, "_meta", "progressToken"), "_meta")
}

// without returns an object less a member of a member, or less a member that is an object without members.
func without(v *value, name string, path ...string) *value {
	if v == nil || v.kind != '{' || !slices.Contains(v.names, name) {
		return v
	}
	out := &value{kind: '{'}
	for i, item := range v.items {
		switch {
		case v.names[i] != name:
		case len(path) > 0:
			item = without(item, path[0], path[1:]...)
		case item.kind != '{' || len(item.items) == 0:
			continue
		}
		out.names, out.items = append(out.names, v.names[i]), append(out.items, item)
	}
	return out
}
