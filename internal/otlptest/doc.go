// Package otlptest is an OTLP receiver for tests: what exporters send it over real sockets can be looked at as plain
// values.
//
// It owns two listeners on the loopback interface, one that speaks OTLP/gRPC and one that speaks OTLP/HTTP with protobuf
// (compressed or not), each for traces, metrics and logs. What arrives is kept twice: decoded, as [Span], [Point] and
// [Record], with the resource and scope each came under, and raw, as [Request], so that a test can ask whether some
// secret is anywhere in what left the process ([Receiver.Contains]).
//
// A receiver can also misbehave as collectors do: a [Fault] answers an export with an error, late, never, with bytes that
// are no answer, or by cutting the connection; a [ConnFault] does so before the first request is read; and
// [Receiver.Stop] with a later [Start] on the same address is a collector that restarts. Faults can be set for one signal
// alone and changed while exporters run.
//
// All methods may be called from any goroutine. It must not import anything of this module: it is the independent
// witness of what the product sends.
package otlptest
