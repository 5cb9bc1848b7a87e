package semconv

import "time"

// HasSessions reports whether a version of the protocol has sessions: 2026-07-28 and later ones are stateless. Versions
// are dates. A peer can name any text as its version, and a text that is not a date is not taken for a late one.
func HasSessions(protocol string) bool {
	_, err := time.Parse(time.DateOnly, protocol)
	return err != nil || protocol < "2026-07-28"
}
