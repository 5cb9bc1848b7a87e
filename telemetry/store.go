package telemetry

import (
	"context"
	"io"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Client identifies what has started a session, by keyed hashes. Either is empty if it is not known.
type Client struct {
	Run     string // the start of the client, see semconv.ClientRun
	Session string // the client's own session, see semconv.ClientSession
}

// attributes returns those of the resource. A session has one resource, so they make no more series of its metrics.
func (c Client) attributes() []attribute.KeyValue {
	var all []attribute.KeyValue
	for key, id := range map[string]string{semconv.ClientRun: c.Run, semconv.ClientSession: c.Session} {
		if id != "" {
			all = append(all, attribute.String(key, id))
		}
	}
	return all
}

// StoreSession is what a store learns of a session when it starts. The rest comes as records.
type StoreSession struct {
	ID       string    // spanpipe.session.id
	Launched time.Time // when spanpipe began
	Service  string    // service.name
	Client   Client
	Version  string // of spanpipe
	Origin   otlpfile.Origin
	Logger   *slog.Logger // receives problems of the store, each once
}

// Definitions is what is known of a server's definitions on this machine.
type Definitions interface {
	// Key returns the key of their fingerprints.
	Key() []byte
	// Known returns what was known at the start.
	Known() definitions.State
	// Observed keeps what the server has said. It does not block.
	Observed(definitions.Observation)
	// Close writes what is left, until the context is done.
	Close(ctx context.Context)
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
