package telemetry

import (
	"context"
	"io"
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
}

// Store keeps a session on this machine: its spans and log records, whole, and its records, of which it makes what it
// needs beside them. Its methods are called from one goroutine, except for Metrics and Lost, and none may block: a disk
// can hang. A record comes after the spans and log records that were made of it.
type Store interface {
	otel.Recorder
	session.Sink
	// Metrics returns where metrics are written, as lines of OTLP JSON. The writer is safe for concurrent use.
	Metrics() io.Writer
	// Lost returns how many spans and log records could not be kept so far. It is safe for concurrent use.
	Lost() (spans, logRecords int64)
	// Close writes what is left, until the context is done, and ends the session in the store.
	Close(ctx context.Context)
}
