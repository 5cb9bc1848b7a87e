// Package otel turns a session's records into spans, metrics and log records, through OpenTelemetry's SDK.
//
// It owns everything between a record and the SDK's processors and readers: which spans exist and how they
// are connected, what is measured and with which attributes, and which log records are written. A Sink receives the
// records. Each signal has a file of its own that does not depend on those of the others:
//
//	sink.go         dispatches each record to the signals; keeps the open operations
//	spans.go        the session's span, the operations' spans, their parents and links
//	attributes.go   the attributes of a span
//	metrics.go      measurements made when something happens
//	observed.go     what is read at each export: losses, and the use of the server's processes
//	logs.go         log records
//	recorder.go     spans and log records for the local store, whole
//	lines.go        metrics for it, as lines
//	meter.go        instruments and series, made from the table in semconv/instruments.go
//	providers.go    the SDK's providers: made, flushed, shut down
//
// It promises that no peer can create an unlimited number of time series, and that all names and attributes come from
// package semconv, from which TELEMETRY.md is generated.
//
// Within this module it imports the packages record, semconv, otlpfile and proctree alone. It does not decide where
// telemetry goes: the caller passes processors, readers and a recorder.
//
// No package of this module is a public API before version 1.0.
package otel
