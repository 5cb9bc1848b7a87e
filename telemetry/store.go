package telemetry

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// StoreSession is what a store is told of a session when it starts. The rest comes as records.
type StoreSession struct {
	ID       string    // spanpipe.session.id
	Launched time.Time // when spanpipe began
	Service  string    // service.name
	Version  string    // of spanpipe
	Origin   otlpfile.Origin
	Logger   *slog.Logger // receives problems of the store, each once
}

// Store keeps a session on this machine: its spans and log records, whole, and its records, of which it makes what it
// needs beside them. The recorder's and the sink's methods are called from one goroutine; Metrics, Lost, Flush and Close from
// any. Of these only Flush and Close may block: a disk can hang. A record comes after the spans and log records that were
// made of it.
type Store interface {
	otel.Recorder
	session.Sink
	// Metrics returns where metrics are written: each call of Write is one line of OTLP JSON. Write must copy it, and does
	// not block either.
	Metrics() io.Writer
	// Lost returns how many spans and log records could not be kept so far. It is safe for concurrent use.
	Lost() (spans, logRecords int64)
	// Flush writes what there is now, until the context is done.
	Flush(ctx context.Context)
	// Close writes what is left, until the context is done, and ends the session in the store. It is given what this session
	// has lost by then, by reason. What comes after it, from a consumer that was given up, is lost.
	Close(ctx context.Context, lost map[string]int64)
}
