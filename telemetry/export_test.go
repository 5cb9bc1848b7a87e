package telemetry

// Omit is omit.
var Omit = omit
