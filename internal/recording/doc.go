// Package recording is the file format of a recorded conversation: the bytes of both directions, exactly, with the times at
// which they were read. docs/recordings.md describes it for people who write such files or read them with programs.
//
// A recording is lines of JSON: a Header, then an Event each, in the order in which the bytes were read. A line of the
// conversation that is one JSON value stands in its event as it is, so that jq and a review can read it:
//
//	{"spanpipe":"recording","version":1,"started":"2026-11-28T10:15:02.5Z","by":"spanpipe 0.1.0"}
//	{"at":0.0021,"from":"client","message":{"jsonrpc":"2.0","id":1,"method":"ping"}}
//	{"at":0.0034,"from":"server","text":"ready\n"}
//	{"at":0.9000,"from":"client","end":"whole"}
//	{"at":0.9412,"exit":{"code":0}}
//
// The package reads and writes bytes, and knows neither what they mean nor where they come from.
package recording
