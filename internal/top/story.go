package top

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// sentence says what happened.
func (c *call) sentence(now time.Time, o view.Outcome) string {
	return strings.TrimSpace(c.happened(now, o))
}

func (c *call) happened(now time.Time, o view.Outcome) string {
	took := c.took(now)
	long := spoken(took + c.op.InputWait) // how long the requester waited: a person's time is part of it
	asker, answerer := "client", "server"
	if c.op.Direction == record.ToClient {
		asker, answerer = answerer, asker
	}
	switch {
	case o.Ending == view.Hung && c.op.Stall != "":
		return fmt.Sprintf("No answer for %s. %s", long, view.StallOf(&c.op))
	case o.Ending == view.Hung && c.op.Undelivered:
		return fmt.Sprintf("No answer for %s: the %s has not read the whole request.", long, answerer)
	case o.Ending == view.Hung:
		return fmt.Sprintf("No answer for %s. The %s still waits, and has not cancelled.", long, asker)
	case c.op.Change == record.InputRequired:
		return fmt.Sprintf("The server has asked for your input, and waits. It is open for %s.", long)
	case o.Ending == view.Open:
		return fmt.Sprintf("It has been open for %s.", long)
	case o.Ending == view.TimedOut:
		return fmt.Sprintf("The %s gave up waiting after %s. %s", asker, long, view.StallOf(&c.op))
	case o.Ending == view.Cancelled:
		return fmt.Sprintf("The %s took it back after %s. %s", asker, long, view.StallOf(&c.op))
	case o.Ending == view.BadRequest:
		return fmt.Sprintf("The %s refused the request, with code %s: the mistake is the %s's.",
			answerer, view.Steady(o.Code), asker)
	case o.Ending == view.Unanswered:
		return fmt.Sprintf("It was not answered: %s. %s", view.Steady(o.Detail), view.StallOf(&c.op))
	case o.Ending == view.Failed:
		return fmt.Sprintf("The %s answered with an error after %s: %s.", answerer, long, view.Steady(o.Detail))
	case o.Asked:
		return fmt.Sprintf("Answered after %s, besides the %s in which the server waited for a person.", spoken(took),
			spoken(c.op.InputWait))
	}
	return fmt.Sprintf("Answered after %s.", long)
}

// notes are what else was seen of it: violations of the protocol, and what was unusual.
func (c *call) notes() []string {
	var out []string
	for _, n := range c.session.notes {
		switch n := n.(type) {
		case record.Violation:
			if n.Operation != c.op.Number {
				continue
			}
			kind := semconv.ViolationOf(string(n.Kind))
			text := "Protocol: " + cmp.Or(view.Steady(n.Reason), kind.Cause) + "."
			if hint := kind.Hint(string(n.Direction)); hint != "" {
				text += " To fix: " + hint + "."
			}
			out = append(out, text)
		case record.Finding:
			if n.Operation == c.op.Number {
				out = append(out, "Unusual: "+view.Finding(n))
			}
		}
	}
	return out
}
