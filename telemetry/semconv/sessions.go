package semconv

import "time"

// HasSessions reports whether a protocol version has sessions. Versions are dates; 2026-07-28 abolished sessions. A
// peer may send any word as its version: one that is not a date is not newer than one that is.
func HasSessions(protocol string) bool {
	_, err := time.Parse(time.DateOnly, protocol)
	return err != nil || protocol < "2026-07-28"
}
