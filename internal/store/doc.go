// Package store keeps sessions on this machine and reads them again.
//
// # Layout
//
//	DIR/
//	  key            random; Subkey derives a key for each purpose from it, such as hashing ids
//	  listing        the names of the last listing, so that people can use its numbers
//	  prune.lock     locked while sessions are removed; says when that was last
//	  sessions/      a directory for each session
//
// While a session runs, its own process alone writes to its directory, and package push, which notes in files of its own what
// it has sent:
//
//	DIR/sessions/20261126T101502Z-8f3c1a/
//	  session.json   what the session is: written at its start, when its peers are known, and at its end
//	  session.lock   locked by its process for life: the only proof that the session is live
//	  traces.jsonl   spans, one TracesData a line   } as OpenTelemetry's file exporters write them;
//	  logs.jsonl     log records, one LogsData a line} other programs read them, too
//	  metrics.jsonl  one MetricsData a line         }
//	  content.jsonl  captured content by span id, redacted; it expires by itself, see content.go
//	  digest         a few bytes an operation, without content: what reports read; outlives the rest, see digest.go
//
// # What holds whatever happens
//
// A session is never disturbed: what comes is encoded into bounded memory, and one goroutine waits for the disk. What could
// not be written is written again at the same place, so that only a last line can be torn, by a kill; readers skip it. What
// is lost is counted. Files are for the user alone whatever the umask is.
//
// The retention removes content, then detail, then what is left of a session, each by its age, and detail by its size. It
// removes nothing of a session that is live or may be, see prune.go, and does not trust a clock that has jumped, see retain.go.
//
// # What comes out
//
// A reader gets the records of package record, made of what the files hold, so live and stored sessions are shown by the
// same code.
//
// # Limits
//
// The package writes and removes nothing outside of its directory, and follows no symbolic link in it. It must not import
// the SDK, nor anything that opens a connection.
package store
