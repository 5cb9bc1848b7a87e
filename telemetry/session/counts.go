package session

import "github.com/spanpipe/spanpipe/telemetry/record"

// counts are the numbers of elements in the arrays of a message, and of those that are as they should be.
type counts struct{ items, typed, needed, members, names, schemas int }

// note adds the facts that follow from the counts. Elements that the scanner did not keep cannot be judged.
func (c counts) note(m *Raw, dropped int) {
	if dropped > 0 {
		return
	}
	if c.typed < c.items {
		m.Facts |= itemOther
	} else if c.members < c.needed {
		m.Facts |= itemPart
	}
	if x := m.Extra; x != nil && x.List == record.ToolDefinition && min(c.names, c.schemas) < x.Listed {
		m.Facts |= toolOther
	}
}

// seenTwice are the estimates of the two forms of a result.
type seenTwice struct{ content, structured int64 }

// correct leaves out the second one.
func (s seenTwice) correct(m *Raw) {
	if s.content > 0 {
		m.Tokens -= s.structured
	}
}
