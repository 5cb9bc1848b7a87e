// Package store keeps sessions on this machine and reads them again.
//
// # Layout
//
// Each session has a directory of its own, and only its process writes there while it runs:
//
//	DIR/sessions/20261126T101502Z-8f3c1a/
//	  session.json   what the session is: written at its start, when its peers are known, and at its end
//	  session.lock   locked by its process for life: the only proof that the session is live
//	  traces.jsonl   spans, one TracesData a line   } as OpenTelemetry's file exporters write them;
//	  logs.jsonl     log records, one LogsData a line} other programs read them, too
//	  metrics.jsonl  one MetricsData a line         }
//	  content.jsonl  captured content by span id, redacted: its expiry is the removal of this file
//	  digest         a few bytes an operation, without content: what reports read; outlives the rest
//
// A process that is killed leaves a last line that is torn, which readers skip.
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
