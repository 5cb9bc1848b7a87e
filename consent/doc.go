// Package consent decides which telemetry may be collected and where it may go.
//
// It owns one decision: a [Policy], made once from the environment variables and flags that the user set. A policy is a
// plain value with the reasons that led to it. It never changes, and every other package takes it as given.
//
// It promises three things:
//   - Telemetry is off unless SPANPIPE_TELEMETRY asks for it, whatever OpenTelemetry's own variables say.
//   - A veto always wins: off, DO_NOT_TRACK and OTEL_SDK_DISABLED only ever remove destinations.
//   - A setting it cannot parse makes it collect and send less, never more, and yields a [Warning].
//
// It imports only the standard library, and nothing that could read the environment, a file or the network: the
// decision must depend on its input alone. In particular it must not import consent/redact. A policy says what has to
// be redacted; telemetry builds the engine that does it.
//
// This package is not a public API before spanpipe 1.0 and may change without notice.
package consent
