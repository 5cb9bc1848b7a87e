package anomaly

import (
	"cmp"
	"math"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Limits are the thresholds that a user can set.
type Limits struct {
	Chance   float64 // that a session has a new sequence: above it, that is usual
	Sessions int     // earlier sessions that there must be
	Rate     float64 // how many times the usual calls an hour are too many
}

// DefaultLimits returns the thresholds for which docs/anomalies.md has figures.
func DefaultLimits() Limits { return Limits{Chance: 0.005, Sessions: 20, Rate: 10} }

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
	over   bool    // there is nothing to compare with

	client   string
	version  string // of the server
	targets  map[past.Key]*current
	all      recent
	previous past.Key
	open     map[uint64]bool // calls that are open, and whether they are alone
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
	blocks                      map[measure]int // in a row that were beyond the level
	out                         map[measure]int // single calls that were far beyond earlier ones
}

// measure is what is measured of a call.
type measure struct {
	kind record.FindingKind
	side record.Side
}

// unit returns the unit of findings about it.
func (m measure) unit() string {
	if m.kind == record.Slow {
		return "s"
	}
	return "By"
}

// Compare returns a comparison of a session. A threshold that is 0 is the default one. It calls report with each finding, from within Opened, Changed and Know.
func Compare(limits Limits, report func(record.Finding)) *Comparison {
	usual := DefaultLimits()
	limits.Chance = cmp.Or(limits.Chance, usual.Chance)
	limits.Sessions = cmp.Or(limits.Sessions, usual.Sessions)
	limits.Rate = cmp.Or(limits.Rate, usual.Rate)
	return &Comparison{
		report: report, limits: limits, targets: map[past.Key]*current{}, open: map[uint64]bool{}, listed: map[string]bool{},
		told: map[string]bool{}, count: map[record.FindingKind]int{},
	}
}

// Know gives the comparison what is known of the earlier sessions, and takes what was held back. Of a first session that is
// a Past without sessions; nil means that nothing will be known, and ends the comparison.
func (c *Comparison) Know(p *past.Past) {
	if c.known != nil || c.over {
		return
	}
	if p == nil {
		c.held, c.over = nil, true
		return
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
	if len(c.held) < maxHeld && !c.over {
		snapshot := *op
		snapshot.Content, snapshot.Events = record.Content{}, nil
		c.held = append(c.held, event{&snapshot, ended})
	}
}

// Noted takes the client's name, and that the server's list of tools has changed.
func (c *Comparison) Noted(n record.Note) {
	switch n := n.(type) {
	case record.Session:
		c.client, c.version = n.Client.Name, n.Server.Version
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
	c.start(op)
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
	alone := c.open[op.Number]
	delete(c.open, op.Number)
	call, ok := past.Compared(op)
	if !ok {
		return
	}
	now := c.targets[key]
	if now == nil {
		if len(c.targets) == maxCurrent {
			return
		}
		now = &current{blocks: map[measure]int{}, out: map[measure]int{}}
		c.targets[key] = now
	}
	c.failures(op, key, now, call.Failed)
	c.levels(op, key, now, &call)
	c.outliers(op, key, now, &call, alone)
}

// start notes which calls run beside others.
func (c *Comparison) start(op *record.Operation) {
	alone := len(c.open) == 0
	if !alone {
		for number := range c.open {
			c.open[number] = false
		}
	}
	if len(c.open) < maxOpen { // what is not noted counts as accompanied
		c.open[op.Number] = alone
	}
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
	switch f.Kind {
	case record.Unlisted:
		most = unlistedCap
	case record.UnseenSequence, record.FailingTogether:
		most = 1 // the others are of the same new habit, or cause
	}
	topic := past.Topic(&f)
	if c.told[topic] && f.Kind != record.Rate || c.count[f.Kind] >= most {
		return
	}
	if t := c.known.Told[topic]; t != nil && t.Sessions >= maxTold && past.DayOf(at)-t.Last < toldFor {
		return
	}
	f.Seen, f.Usual = rounded(f.Seen), rounded(f.Usual)
	c.told[topic] = true
	c.count[f.Kind]++
	c.report(f)
}

// rounded returns a value with the four digits that mean something.
func rounded(v float64) float64 {
	if v <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-3)
	return math.Round(v/unit) * unit
}
