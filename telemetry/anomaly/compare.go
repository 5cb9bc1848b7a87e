package anomaly

import (
	"cmp"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Limits are the thresholds that a user can set.
type Limits struct {
	Chance   float64 // of an unseen sequence: above it, new ones are usual
	Sessions int     // earlier sessions that there must be
	Rate     float64 // how many times the usual calls an hour are too many
}

// DefaultLimits returns the thresholds for which docs/anomalies.md has figures.
func DefaultLimits() Limits { return Limits{Chance: 0.003, Sessions: 20, Rate: 10} }

const (
	maxHeld     = 2000 // operations that wait for the past
	maxTold     = 3    // findings of a kind in a session, and sessions in which one is reported
	toldFor     = 60   // days for which it counts in how many sessions one was reported
	maxUnlisted = 1000 // names of listed tools
	unlistedCap = 5    // findings of tools that were not listed
	maxCurrent  = 200  // targets of this session
)

// Comparison compares one session with the server's earlier ones. It is a sink of the session's records, for one
// goroutine. What comes before Know is held back, up to a bound.
type Comparison struct {
	report func(record.Finding)
	limits Limits
	known  *known  // nil until Know
	held   []event // until then

	client   string
	targets  map[past.Key]*current
	all      recent
	previous past.Key
	hour     hour
	listed   map[string]bool
	whole    bool // they are all tools that the server has
	told     map[string]bool
	count    map[record.FindingKind]int
}

// event is an operation that was held back, as it was when it started or ended.
type event struct {
	op    *record.Operation
	ended bool
}

// current is what this session adds to a target.
type current struct {
	run                         past.Run
	duration, request, response past.Blocks
}

// Compare returns a comparison of a session. A threshold that is 0 is the default one. It calls report with each finding, from within Opened, Changed and Know.
func Compare(limits Limits, report func(record.Finding)) *Comparison {
	usual := DefaultLimits()
	limits.Chance = cmp.Or(limits.Chance, usual.Chance)
	limits.Sessions = cmp.Or(limits.Sessions, usual.Sessions)
	limits.Rate = cmp.Or(limits.Rate, usual.Rate)
	return &Comparison{
		report: report, limits: limits, targets: map[past.Key]*current{}, listed: map[string]bool{},
		told: map[string]bool{}, count: map[record.FindingKind]int{},
	}
}

// Know gives the comparison what is known of the earlier sessions, which may be nothing, and takes what was held back.
func (c *Comparison) Know(p *past.Past) {
	if c.known != nil {
		return
	}
	if p == nil {
		p = past.New("")
	}
	c.known = newKnown(p)
	held := c.held
	c.held = nil
	for _, e := range held {
		if e.ended {
			c.Changed(e.op)
		} else {
			c.Opened(e.op)
		}
	}
}

// hold keeps an operation until the past is known. Of very many the later ones are not compared.
func (c *Comparison) hold(op *record.Operation, ended bool) {
	if len(c.held) < maxHeld {
		snapshot := *op
		snapshot.Content, snapshot.Events = record.Content{}, nil
		c.held = append(c.held, event{&snapshot, ended})
	}
}

// Noted takes the client's name, and that the server's list of tools has changed.
func (c *Comparison) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Session:
		c.client = n.Client.Name
	case record.Notification:
		if n.Direction == record.ToClient && n.Method == semconv.ToolsListChanged {
			c.whole = false
		}
	}
}

// Opened takes the start of a call.
func (c *Comparison) Opened(op *record.Operation) {
	key, ok := past.KeyOf(op)
	if !ok {
		return
	}
	if c.known == nil {
		c.hold(op, false)
		return
	}
	c.unlisted(op, key)
	c.sequence(op, key)
	c.rate(op, key)
}

// Changed takes the end of a call, or of a list of tools.
func (c *Comparison) Changed(op *record.Operation) {
	if op.Change != record.Ended {
		return
	}
	key, isCall := past.KeyOf(op)
	if !isCall && op.Method != semconv.ToolsList {
		return
	}
	if c.known == nil {
		c.hold(op, true)
		return
	}
	if !isCall {
		c.list(op)
		return
	}
	call, ok := past.Compared(op)
	if !ok {
		return
	}
	now := c.targets[key]
	if now == nil {
		if len(c.targets) == maxCurrent {
			return
		}
		now = &current{}
		c.targets[key] = now
	}
	c.failures(op, key, now, call.Failed)
	c.levels(op, key, now, &call)
}

// find reports a finding about a call, unless there have been enough like it: in this session, or in others.
func (c *Comparison) find(op *record.Operation, key past.Key, at time.Time, f record.Finding) {
	f.Time, f.Operation = at, op.Number
	switch key.Kind {
	case past.Tool:
		f.Tool = key.Name
	case past.Resource:
		f.Resource = key.Name
	case past.Prompt:
		f.Prompt = key.Name
	}
	most := maxTold
	if f.Kind == record.Unlisted {
		most = unlistedCap
	}
	topic := past.Topic(&f)
	if c.told[topic] && f.Kind != record.Rate || c.count[f.Kind] >= most {
		return
	}
	if t := c.known.Told[topic]; t != nil && t.Sessions >= maxTold && past.DayOf(at)-t.Last < toldFor {
		return
	}
	c.told[topic] = true
	c.count[f.Kind]++
	c.report(f)
}
