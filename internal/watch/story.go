package watch

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Sentence says what happened.
func (c *Call) Sentence(now time.Time, o view.Outcome) string {
	return strings.TrimSpace(c.happened(now, o))
}

// Peers returns which of the two asks, and which is to answer.
func (c *Call) Peers() (asker, answerer string) {
	if c.Op.Direction == record.ToClient {
		return "server", "client"
	}
	return "client", "server"
}

func (c *Call) happened(now time.Time, o view.Outcome) string {
	took := c.Took(now)
	long := spoken(took + c.Op.InputWait) // how long the requester waited: a person's time is part of it
	asker, answerer := c.Peers()
	switch {
	case o.Ending == view.Hung && c.Op.Stall != "":
		return fmt.Sprintf("No answer for %s. %s", long, view.StallSeen(&c.Op))
	case o.Ending == view.Hung && c.Op.Undelivered:
		return fmt.Sprintf("No answer for %s: the %s has not read the whole request.", long, answerer)
	case o.Ending == view.Hung:
		return fmt.Sprintf("No answer for %s. The %s still waits, and has not cancelled.", long, asker)
	case c.Op.Change == record.InputRequired:
		return fmt.Sprintf("The server has asked for your input, and waits. It is open for %s.", long)
	case o.Ending == view.Open:
		return fmt.Sprintf("It has been open for %s.", long)
	case o.Ending == view.TimedOut:
		return fmt.Sprintf("The %s gave up waiting after %s. %s", asker, long, view.StallSeen(&c.Op))
	case o.Ending == view.Cancelled:
		return fmt.Sprintf("The %s took it back after %s. %s", asker, long, view.StallSeen(&c.Op))
	case o.Ending == view.BadRequest:
		return fmt.Sprintf("The %s refused the request, with code %s: the mistake is the %s's.",
			answerer, view.Steady(o.Code), asker)
	case o.Ending == view.Unanswered:
		return fmt.Sprintf("It was not answered: %s. %s", view.Steady(o.Detail), view.StallSeen(&c.Op))
	case o.Ending == view.Failed:
		return fmt.Sprintf("The %s answered with an error after %s: %s.", answerer, long, view.Steady(o.Detail))
	case o.Asked:
		return fmt.Sprintf("Answered after %s, besides the %s in which the server waited for a person.", spoken(took),
			spoken(c.Op.InputWait))
	}
	return fmt.Sprintf("Answered after %s.", long)
}

// Remarks are what else was seen of it: violations of the protocol, and what was unusual.
func (c *Call) Remarks() []string {
	var out []string
	for _, n := range c.Session.Noted {
		switch n := n.(type) {
		case record.Violation:
			if n.Operation != c.Op.Number {
				continue
			}
			kind := semconv.ViolationOf(string(n.Kind))
			text := "Protocol: " + cmp.Or(view.Steady(n.Reason), kind.Cause) + "."
			if hint := kind.Hint(string(n.Direction)); hint != "" {
				text += " To fix: " + hint + "."
			}
			out = append(out, text)
		case record.Finding:
			if n.Operation == c.Op.Number {
				out = append(out, "Unusual: "+view.Finding(n))
			}
		}
	}
	return out
}
