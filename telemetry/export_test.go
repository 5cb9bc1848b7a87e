package telemetry

// Silence is for the tests' own main.
var Silence = silence
