package definitions

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Form is a definition as it was at one time.
type Form struct {
	Kind        record.DefinitionKind `json:"kind"`
	Fingerprint record.Fingerprint    `json:"fingerprint"`
}

// Text is what a form says, redacted. There is one only if the user has asked for it, and nothing compares it: it is for people.
type Text struct {
	Form
	Captured time.Time `json:"captured"` // the last time
	Text     string    `json:"text"`     // JSON without white space, its keys sorted; the beginning of it if it was cut
	Cut      bool      `json:"cut,omitempty"`
}

// Before returns what a definition that has changed was: what was accepted for it last, if it is not what was accepted, and else
// what it was last.
func (k *Known) Before() (before record.Fingerprint, changed bool) {
	past := k.Past
	if k.Unaccepted() {
		past = k.Accepted
	}
	if len(past) == 0 {
		return before, false
	}
	return past[len(past)-1], true
}

// Forms returns the forms that are worth a text: what definitions are and were before. Those of definitions that have changed
// come first.
func (s *State) Forms() []Form {
	var changed, others []Form
	for i := range s.Known {
		k := &s.Known[i]
		if before, ok := k.Before(); ok {
			changed = append(changed, Form{k.Kind, k.Last}, Form{k.Kind, before})
		} else {
			others = append(others, Form{k.Kind, k.Last})
		}
	}
	return append(changed, others...)
}
