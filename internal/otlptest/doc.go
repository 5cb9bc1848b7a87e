// Package otlptest is an OTLP receiver for tests and benchmarks: it receives over real sockets what exporters send, and
// presents it as plain values.
//
// It owns two listeners on the loopback interface, for OTLP/gRPC and for OTLP/HTTP with protobuf (compressed or not), each
// for traces, metrics and logs. Everything that arrives is kept twice: decoded, as [Span], [Point] and [Record] with their
// resource and scope, and raw, as [Request], so that a test can check whether a secret is anywhere in what left the process
// ([Receiver.Contains]). A benchmark asks for totals only ([Config].CountOnly).
//
// A receiver can also misbehave as collectors do. A [Fault] answers an export with an error, late, never, with bytes
// that are not a response, or by cutting the connection. A [ConnFault] does so before the first request is read.
// [Receiver.Stop] with a later [Start] on the same address is a collector that restarts. Faults can be set for one
// signal and changed while exporters run.
//
// All methods may be called from any goroutine. The package must not import any other of this module: it is the
// independent witness of what the product sends.
package otlptest
