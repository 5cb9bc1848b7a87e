package anomaly

import (
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// list takes the tools of a page of a list. They are all if no name of those that the server counts is missing: very long
// ones are.
func (c *Comparison) list(op *record.Operation) {
	for _, name := range past.Tools(op) {
		if len(c.listed) < maxUnlisted {
			c.listed[name] = true
		}
	}
	if op.ToolCount > 0 {
		c.whole = len(c.listed) >= op.ToolCount && len(c.listed) < maxUnlisted
	}
}

// unlisted finds a call of a tool that was listed neither in this session nor in an earlier one.
func (c *Comparison) unlisted(op *record.Operation, key past.Key) {
	if key.Kind != past.Tool || c.listed[key.Name] || c.known.Listed[key.Name] != nil {
		return
	}
	most := 0 // sessions with a list
	for _, l := range c.known.Listed {
		most = max(most, l.Sessions)
	}
	if !c.whole && (len(c.listed) > 0 || most < c.limits.Sessions) {
		return // it may stand in what was not seen
	}
	f := record.Finding{Kind: record.Unlisted, Seen: 1, Unit: "{call}"}
	if most > 0 {
		f.Since, f.Sessions = c.known.Since.Time(), most
	}
	if t := c.known.Targets[key]; t != nil {
		f.Usual = float64(t.Calls)
	}
	c.find(op, key, op.Start, f)
}
