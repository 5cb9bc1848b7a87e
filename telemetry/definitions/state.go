package definitions

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// The bounds of a State.
const (
	MaxKnown   = 2000 // definitions
	maxPast    = 4    // fingerprints that a definition had before, and likewise of those that were accepted for it
	maxChanges = 100
)

// State is what is known of the definitions of one server.
type State struct {
	Service string                              `json:"service,omitempty"` // what the server is called: service.name
	Listed  map[record.DefinitionKind]time.Time `json:"listed,omitempty"`  // when a kind was listed first
	Known   []Known                             `json:"definitions"`
	Changes []record.DefinitionChange           `json:"changes,omitempty"` // the latest, the last one last
}

// Known is what is known of one definition.
type Known struct {
	Kind   record.DefinitionKind `json:"kind"`
	Name   string                `json:"name,omitempty"`  // as it may be shown
	First  time.Time             `json:"first"`           // when it was seen first
	Since  time.Time             `json:"since"`           // since when it has been as it is
	Gone   time.Time             `json:"gone,omitzero"`   // since when a whole list has lacked it
	Comes  bool                  `json:"comes,omitempty"` // it was gone, and came back: its going is no news
	Parts  []record.Part         `json:"parts,omitempty"` // what its last change was about
	Size   int64                 `json:"size"`
	Tokens int64                 `json:"tokens,omitempty"`

	Last     record.Fingerprint   `json:"last"`
	Past     []record.Fingerprint `json:"past,omitempty"`     // earlier ones
	Accepted []record.Fingerprint `json:"accepted,omitempty"` // by the user
}

// Observation is what a server has said: a list of definitions of one kind. A whole one has all that there are.
type Observation struct {
	Time        time.Time
	Kind        record.DefinitionKind
	Definitions []record.Definition
	Whole       bool
	Texts       []Text // of some of them; none unless the user has asked for texts
}

// Pinned reports whether something was accepted for the definition.
func (k *Known) Pinned() bool { return len(k.Accepted) > 0 }

// Unaccepted reports whether the definition is not what was accepted for it.
func (k *Known) Unaccepted() bool { return k.Pinned() && !slices.Contains(k.Accepted, k.Last) }

// Differs reports whether a definition is not what was accepted, or came after others of its kind were.
func (s *State) Differs(k *Known) bool {
	return k.Unaccepted() || !k.Pinned() && k.Gone.IsZero() && s.pins(k.Kind)
}

// pins reports whether definitions of a kind were accepted.
func (s *State) pins(kind record.DefinitionKind) bool {
	return slices.ContainsFunc(s.Known, func(k Known) bool { return k.Kind == kind && k.Pinned() })
}

// Clone returns a copy that shares nothing with the state.
func (s *State) Clone() State {
	c := *s
	c.Listed, c.Known, c.Changes = maps.Clone(s.Listed), slices.Clone(s.Known), slices.Clone(s.Changes)
	for i := range c.Known {
		k := &c.Known[i]
		k.Parts, k.Past, k.Accepted = slices.Clone(k.Parts), slices.Clone(k.Past), slices.Clone(k.Accepted)
	}
	return c
}

// Observe takes what a server has said. It returns what has changed, and whether the state has.
func (s *State) Observe(o Observation) (changes []record.DefinitionChange, news bool) {
	places := map[string]int{}
	for i := range s.Known {
		if k := &s.Known[i]; k.Kind == o.Kind {
			places[k.Last.Name] = i
		}
	}
	first := s.Listed[o.Kind].IsZero()
	if first {
		if s.Listed == nil {
			s.Listed = map[record.DefinitionKind]time.Time{}
		}
		s.Listed[o.Kind], news = o.Time, true
	}
	pinned := s.pins(o.Kind)
	seen, added := map[string]bool{}, map[string]bool{}
	for i := range o.Definitions {
		d := &o.Definitions[i]
		if d.Fingerprint == (record.Fingerprint{}) || seen[d.Fingerprint.Name] {
			continue
		}
		seen[d.Fingerprint.Name] = true
		at, known := places[d.Fingerprint.Name]
		if !known || s.Known[at].Last.Name != d.Fingerprint.Name { // it has made room for another
			if s.add(d, o.Time) {
				added[d.Fingerprint.Name] = true
			}
			continue
		}
		k := &s.Known[at]
		change, differs := k.see(d, o.Time)
		if pinned && !k.Pinned() { // it came after the others were accepted
			change = k.added(o.Time, pinned)
		}
		news = news || differs
		if change != nil {
			changes = append(changes, *change)
		}
	}
	if o.Whole {
		changes = append(changes, s.leave(o, seen, added)...)
	}
	for i := range s.Known {
		if k := &s.Known[i]; k.Kind == o.Kind && added[k.Last.Name] && !first {
			changes = append(changes, *k.added(o.Time, pinned))
		}
	}
	s.remember(changes)
	return changes, news || len(changes) > 0 || len(added) > 0
}

// add takes a definition that was not known, and reports whether there was room.
func (s *State) add(d *record.Definition, now time.Time) bool {
	k := Known{Kind: d.Kind, Name: d.Name, First: now, Since: now, Size: d.Size, Tokens: d.Tokens, Last: d.Fingerprint}
	if len(s.Known) < MaxKnown {
		s.Known = append(s.Known, k)
		return true
	}
	for i := range s.Known { // what the server has no more is worth less
		if !s.Known[i].Gone.IsZero() && !s.Known[i].Pinned() {
			s.Known[i] = k
			return true
		}
	}
	return false
}

// added is the change that the definition is new.
func (k *Known) added(now time.Time, pinned bool) *record.DefinitionChange {
	return &record.DefinitionChange{
		Time: now, Change: record.DefinitionAdded, Kind: k.Kind, Name: k.Name, Since: k.First, Pinned: pinned,
	}
}

// see takes a definition that is known. It returns how it has changed, if that is worth reporting, and whether it is not as it
// was seen last.
func (k *Known) see(d *record.Definition, now time.Time) (change *record.DefinitionChange, differs bool) {
	differs = d.Fingerprint != k.Last || !k.Gone.IsZero()
	k.Comes = k.Comes || !k.Gone.IsZero()
	k.Name, k.Size, k.Tokens, k.Gone = d.Name, d.Size, d.Tokens, time.Time{}
	before, known := k.Last, d.Fingerprint == k.Last || slices.Contains(k.Past, d.Fingerprint)
	if d.Fingerprint != before {
		k.Past = slices.DeleteFunc(k.Past, func(f record.Fingerprint) bool { return f == before || f == d.Fingerprint })
		k.Past = append(k.Past, before)
		k.Past = k.Past[max(len(k.Past)-maxPast, 0):]
		k.Last, k.Since = d.Fingerprint, now
	}
	if k.Pinned() {
		known, before = !k.Unaccepted(), k.Accepted[len(k.Accepted)-1]
	}
	if known {
		return nil, differs
	}
	k.Parts = d.Fingerprint.Differs(&before)
	return &record.DefinitionChange{
		Time: now, Change: record.DefinitionChanged, Kind: k.Kind, Name: k.Name, Parts: k.Parts, Since: k.Since, Pinned: k.Pinned(),
	}, differs
}

// leave notes which definitions a whole list lacks. What is gone and has the same content as something new was renamed.
func (s *State) leave(o Observation, seen, added map[string]bool) (changes []record.DefinitionChange) {
	for i := range s.Known {
		k := &s.Known[i]
		if k.Kind != o.Kind || seen[k.Last.Name] || !k.Gone.IsZero() {
			continue
		}
		k.Gone = o.Time
		change := record.DefinitionChange{
			Time: o.Time, Change: record.DefinitionRemoved, Kind: k.Kind, Name: k.Name, Since: o.Time, Pinned: k.Pinned(),
		}
		if to := s.renamed(k, added); to != nil {
			delete(added, to.Last.Name)
			change.Change, change.Name, change.OldName = record.DefinitionRenamed, to.Name, k.Name
			changes = append(changes, change)
		} else if !k.Comes {
			changes = append(changes, change)
		}
	}
	return changes
}

// renamed returns the new definition that has all of an old one but its name, or nil. One that has nothing but a name is
// like any other.
func (s *State) renamed(old *Known, added map[string]bool) *Known {
	rest := old.Last
	rest.Name = ""
	if rest.Description == "" {
		return nil
	}
	for i := range s.Known {
		k := &s.Known[i]
		if k.Kind != old.Kind || k.Last.Description != rest.Description || !added[k.Last.Name] {
			continue
		}
		f := k.Last
		f.Name = ""
		if f == rest {
			return k
		}
	}
	return nil
}

// remember keeps changes, but for those that are known and reported again.
func (s *State) remember(changes []record.DefinitionChange) {
	for _, c := range changes {
		if !slices.ContainsFunc(s.Changes, func(d record.DefinitionChange) bool {
			return d.Change == c.Change && d.Kind == c.Kind && d.Name == c.Name && d.Since.Equal(c.Since)
		}) {
			s.Changes = append(s.Changes, c)
		}
	}
	s.Changes = s.Changes[max(len(s.Changes)-maxChanges, 0):]
}

// Accept pins what was seen last: from then on, everything else is a change. What was accepted before stays accepted. It
// returns how many definitions are pinned.
func (s *State) Accept() (pinned int) {
	for i := range s.Known {
		k := &s.Known[i]
		if !k.Gone.IsZero() {
			continue
		}
		pinned++
		if !slices.Contains(k.Accepted, k.Last) {
			k.Accepted = append(k.Accepted, k.Last)
			k.Accepted = k.Accepted[max(len(k.Accepted)-maxPast, 0):]
		}
		k.Parts = nil
	}
	return pinned
}

// Sort brings the definitions into the order in which they are shown.
func (s *State) Sort() {
	slices.SortStableFunc(s.Known, func(a, b Known) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
}
