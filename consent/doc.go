// Package consent decides what telemetry may be collected and where it may go.
//
// It owns one decision: a Policy, made once from what the user has said in environment variables and flags, immutable from
// then on, with its reasons. Everything else takes it as given and asks nobody else.
//
// It promises that silence is no consent (without SPANPIPE_TELEMETRY nothing is collected, whatever OpenTelemetry's own
// variables say), that vetoes add up and nothing outvotes one, and that whatever it cannot understand makes it collect and
// send less, never more, and is told to the user.
//
// It imports the standard library alone; it does not read the environment itself.
package consent
