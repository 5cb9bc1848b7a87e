// Package record holds the data that a session's telemetry consists of: plain, immutable values, safe to keep, to share
// between goroutines and to write as JSON.
//
// It owns the vocabulary between the two halves of the program. The session tracker makes records; everything that
// shows, stores, counts or sends something receives them through a Sink and nothing else. A record refers to another
// one by its number, has times of the wall clock, and never holds raw content: what was captured on request has been
// redacted before the record exists.
//
// It promises that the JSON names below are stable once the first release with a store is out, that a field only ever
// gains values, and that the zero value of a field means "absent" and is left out of JSON.
//
// It imports the standard library alone. No package of this module is a public API before version 1.0.
package record
