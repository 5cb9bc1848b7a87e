package compare

import (
	"encoding/json"
	"time"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Options choose what counts as a difference. The zero value has the defaults.
type Options struct {
	// Ratio is by how much the median of an operation's durations must differ. Default DefaultRatio.
	Ratio float64

	// Slower makes an operation that is slower a difference of the sessions.
	Slower bool

	// Noticed are changes of definitions that were noticed between two stored sessions, whose texts are not known.
	Noticed []record.DefinitionChange
}

// DefaultRatio is what is worth a reader's time: less is seldom more than another load of the machine.
const DefaultRatio = 1.25

// Diff is what differs between a session A and a session B. Its JSON is described in docs/json.md: what is before is of A, what is
// after is of B. Durations are seconds, sizes bytes.
type Diff struct {
	Version     int          `json:"version"`
	Differs     bool         `json:"differs"` // something does, beside how long operations take
	A           Side         `json:"a"`
	B           Side         `json:"b"`
	Session     []Change     `json:"session"`
	Context     Context      `json:"context"`
	Definitions []Definition `json:"definitions"`
	Operations  []Group      `json:"operations"` // all, in the order of their first requests
	Violations  []Violations `json:"violations"`
}

// Side is one of the two sessions.
type Side struct {
	Name     string      `json:"name"`
	Kind     Kind        `json:"kind"`
	Started  time.Time   `json:"started"`
	Server   record.Peer `json:"server,omitzero"`
	Client   record.Peer `json:"client,omitzero"`
	Protocol string      `json:"protocol,omitempty"`
	Calls    int         `json:"calls"`
	Failed   int         `json:"failed"` // operations
	Hung     int         `json:"hung"`
	Startup  float64     `json:"startup,omitempty"` // until the handshake was answered

	counts view.Counts
}

// Kind is where what is known of a session comes from.
type Kind string

// The kinds.
const (
	Recording Kind = "recording"
	Session   Kind = "session" // a stored one
)

// Change is something of the session as a whole that differs. A value that is absent was not there.
type Change struct {
	What   string          `json:"what"`           // server_name, server_version, protocol, handshake, exit
	Path   string          `json:"path,omitempty"` // of a handshake: JSON pointer in its result
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Context is what the definitions add to a model's context.
type Context struct {
	Before Cost `json:"before"`
	After  Cost `json:"after"`
}

// Cost is what definitions take: tokens are an estimate.
type Cost struct {
	Definitions int   `json:"definitions"`
	Tokens      int64 `json:"tokens"`
	Size        int64 `json:"size"`
}

// Violations are those of one kind.
type Violations struct {
	Direction record.Direction     `json:"direction"`
	Kind      record.ViolationKind `json:"kind"`
	Reason    string               `json:"reason,omitempty"`
	Method    string               `json:"method,omitempty"`
	Before    int                  `json:"before"`
	After     int                  `json:"after"`
	Example   string               `json:"example,omitempty"` // the first line that is no message, of a recording
}

// Compare compares two sessions.
func Compare(a, b *conversation.Conversation, o Options) *Diff {
	if o.Ratio <= 1 {
		o.Ratio = DefaultRatio
	}
	d := &Diff{
		Version: 1, A: sideOf(a), B: sideOf(b), Session: sessionChanges(a, b),
		Context:     Context{costOf(a), costOf(b)},
		Definitions: compareDefinitions(a, b, o.Noticed), Operations: compareOperations(a, b, o.Ratio),
		Violations: compareViolations(a, b),
	}
	d.Differs = len(d.Session)+len(d.Definitions)+len(d.Violations) > 0
	for i := range d.Operations {
		d.Differs = d.Differs || d.Operations[i].counts(o.Slower)
	}
	return d
}

func sideOf(c *conversation.Conversation) Side {
	s := Side{
		Name: c.Name, Kind: Session, Started: c.Records.Begin().UTC(), Server: c.Records.Session.Server, Client: c.Records.Session.Client,
		Protocol: c.Records.Session.Protocol, counts: view.Count(c.Records),
	}
	if c.Recording != nil {
		s.Kind = Recording
	}
	s.Calls, s.Failed, s.Hung = s.counts.Calls, s.counts.Failed, s.counts.Hung
	if d, ok := c.Startup(); ok {
		s.Startup = record.Seconds(d)
	}
	return s
}

func costOf(c *conversation.Conversation) Cost {
	tokens, size := c.Cost()
	return Cost{len(c.Definitions), tokens, size}
}

// sessionChanges compares the handshakes, and how the servers ended.
func sessionChanges(a, b *conversation.Conversation) []Change {
	all := []Change{}
	add := func(what, before, after string) {
		if before != after {
			all = append(all, Change{What: what, Before: textJSON(before), After: textJSON(after)})
		}
	}
	x, y := &a.Records.Session, &b.Records.Session
	add("server_name", x.Server.Name, y.Server.Name)
	add("server_version", x.Server.Version, y.Server.Version)
	add("protocol", x.Protocol, y.Protocol)
	if a.Recording != nil && b.Recording != nil {
		_, before, _ := a.Handshake()
		_, after, _ := b.Handshake()
		for _, m := range compareJSON(before, after) {
			switch m.Path {
			case "/protocolVersion", "/serverInfo/name", "/serverInfo/version", "/instructions": // are compared elsewhere
			default:
				all = append(all, Change{"handshake", m.Path, m.Before, m.After})
			}
		}
	}
	if e, f := a.Records.Exit, b.Records.Exit; e != nil && f != nil &&
		(e.Failed() != f.Failed() || e.Signal == "" && f.Signal == "" && e.Code != f.Code) {
		before, _ := view.Exit(*e)
		after, _ := view.Exit(*f)
		if before == after {
			before, after = endedBy(e)+before, endedBy(f)+after
		}
		add("exit", before, after)
	}
	return all
}

// endedBy tells two ends with the same status apart.
func endedBy(e *record.Exit) string {
	if e.EndedBy == record.ByServer {
		return "the server ended by itself: "
	}
	return "the client left: "
}

// textJSON returns a text as JSON, and nothing for none.
func textJSON(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	text, _ := json.Marshal(s) // a string always can be
	return text
}

// compareViolations counts violations, and what is on stdout and is no message.
func compareViolations(a, b *conversation.Conversation) []Violations {
	all := []Violations{}
	places := map[Violations]int{} // by the fields that tell kinds apart
	for _, side := range []struct {
		of    *conversation.Conversation
		count func(*Violations) *int
	}{{a, func(v *Violations) *int { return &v.Before }}, {b, func(v *Violations) *int { return &v.After }}} {
		stray := side.of.Stray
		for _, n := range side.of.Records.Notes {
			v, ok := n.(record.Violation)
			if !ok {
				continue
			}
			key := Violations{Direction: v.Direction, Kind: v.Kind, Reason: v.Reason, Method: v.Method}
			at, known := places[key]
			if !known {
				at = len(all)
				places[key] = at
				all = append(all, key)
			}
			*side.count(&all[at])++
			if conversation.IsStray(&v) && len(stray) > 0 {
				if all[at].Example == "" {
					all[at].Example = stray[0]
				}
				stray = stray[1:]
			}
		}
	}
	recorded := a.Recording != nil && b.Recording != nil // else those of one kind were stored once
	differing := all[:0]
	for _, v := range all {
		if v.Before != v.After && (recorded || v.Before == 0 || v.After == 0) {
			differing = append(differing, v)
		}
	}
	return differing
}
