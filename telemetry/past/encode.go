package past

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Errors of a Past that cannot be decoded.
var (
	// ErrLater is that of one that a later version of spanpipe has written.
	ErrLater = errors.New("was written by a later version of spanpipe")

	errFormat = errors.New("written by an earlier version")
	errHollow = errors.New("a part is missing")
)

// Encode returns a Past as JSON of at most MaxSize bytes. To get there it forgets pairs, then listed tools.
func (p *Past) Encode() ([]byte, error) {
	for {
		text, err := json.Marshal(p)
		if err != nil || len(text) < MaxSize {
			return append(text, '\n'), err
		}
		if !p.shrink() {
			return nil, fmt.Errorf("%d bytes are more than are kept", len(text))
		}
	}
}

// shrink forgets a part, and reports whether there was one.
func (p *Past) shrink() bool {
	pairs := 0
	for _, t := range p.Targets {
		pairs += len(t.Next)
	}
	switch {
	case pairs > 0:
		p.forgetPairs((pairs + 1) / 2)
	case len(p.Listed) > 0:
		clear(p.Listed)
	case len(p.Targets) > 0:
		clear(p.Targets)
	case len(p.Clients) > 0:
		clear(p.Clients)
		clear(p.Told)
	default:
		return false
	}
	return true
}

// Decode reads what Encode has written. What another program has written is an error, and never a panic later.
func Decode(text []byte) (*Past, error) {
	var version struct{ Format int }
	if json.Unmarshal(text, &version) == nil && version.Format > Format {
		return nil, ErrLater
	}
	p := New("")
	if err := json.Unmarshal(text, p); err != nil {
		return nil, err
	}
	if p.Format != Format {
		return nil, errFormat
	}
	for _, t := range p.Targets {
		if t == nil {
			return nil, errHollow
		}
		for _, f := range t.Next {
			if f == nil {
				return nil, errHollow
			}
		}
	}
	if hollow(p.Clients) || hollow(p.Listed) || hollow(p.Told) || p.Sessions < 0 {
		return nil, errHollow
	}
	for p2 := range p.Targets {
		if p2.Kind == "" {
			return nil, errHollow
		}
	}
	return p, nil
}

func hollow[K comparable, V any](all map[K]*V) bool {
	if all == nil {
		return true
	}
	for _, v := range all {
		if v == nil {
			return true
		}
	}
	return false
}

// MarshalJSON implements json.Marshaler: there are many of them.
func (f Follow) MarshalJSON() ([]byte, error) {
	return json.Marshal([5]int{f.Count, f.Sessions, f.First, f.Last, int(f.Day)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Follow) UnmarshalJSON(text []byte) error {
	var all [5]int
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	*f = Follow{all[0], all[1], all[2], all[3], Day(all[4])}
	return nil
}
