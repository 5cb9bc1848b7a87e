// Package otel turns a session's records into spans, metrics and log records, through OpenTelemetry's SDK.
//
// It owns everything between a record and the SDK's processors and readers: which spans there are and how they hang
// together, what is measured and under which attributes, and which log records are written. A Sink receives the
// records; each signal has its own file, and none of them knows another:
//
//	sink.go         which record leads to what; the operations that are open
//	spans.go        the session's span, the operations' spans, their parents and links
//	attributes.go   the attributes of a span
//	metrics.go      what is measured when something happens
//	observed.go     what is read at each export: running sessions, the server's processes, losses
//	logs.go         log records
//	instruments.go  instruments and series, made from semconv.Instruments
//	names.go        bounds for words that a peer has chosen
//
// It promises that no word of a peer's can make series without end, and that names and attributes are those of package
// semconv, from which TELEMETRY.md is generated.
//
// Within this module it imports the packages record and semconv alone. Where telemetry is sent to is not its business:
// the caller passes processors and readers.
//
// No package of this module is a public API before version 1.0.
package otel
