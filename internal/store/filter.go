package store

import (
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Filter chooses sessions, and operations where they are read. Empty fields choose all.
type Filter struct {
	Since  time.Time // sessions that were still running then, and operations that started later
	Server string    // its name, or the service's; * stands for anything, and case does not matter
	Client string    // its name; likewise
	Failed bool      // sessions with failures, and operations that failed
}

// Session reports whether the filter chooses a session. One with an unknown end may still run. Failed needs the totals,
// see Session.Sum.
func (f Filter) Session(s *Session) bool {
	if end := s.LastSeen(); !f.Since.IsZero() && !end.IsZero() && end.Before(f.Since) {
		return false
	}
	return f.peers(s) && (!f.Failed || s.Totals.Failed > 0)
}

// peers reports whether the filter chooses a session's server and client.
func (f Filter) peers(s *Session) bool {
	return (f.Server == "" || Matches(f.Server, s.Server.Name) || Matches(f.Server, s.Service)) &&
		(f.Client == "" || Matches(f.Client, s.Client.Name))
}

// Operation reports whether the filter chooses an operation of a session that it chooses.
func (f Filter) Operation(op *record.Operation) bool {
	return !op.Start.Before(f.Since) && (!f.Failed || op.Failed())
}

// Matches reports whether a name is the one that is asked for: * stands for anything, and case does not matter. It takes
// time in proportion to the product of the lengths, whatever the pattern.
func Matches(pattern, name string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	rest, ok := strings.CutPrefix(strings.ToLower(name), parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[last])
}

// Select returns the sessions that a filter chooses, the newest first, with their totals where these are not known without
// reading more: see Session.Sum.
func (s *Store) Select(f Filter) ([]Session, error) {
	all, err := s.Sessions()
	if err != nil {
		return nil, err
	}
	return f.choose(all), nil
}

// choose returns the sessions that the filter chooses, in place of all.
func (f Filter) choose(all []Session) []Session {
	chosen, failed := all[:0], f.Failed
	f.Failed = false
	for i := range all {
		one := &all[i]
		if !f.Session(one) {
			continue
		}
		if failed {
			one.Sum()
			if one.Totals.Failed == 0 {
				continue
			}
		}
		chosen = append(chosen, *one)
	}
	return chosen
}
