package telemetry

// ReturnPages is tested by itself: what it does shows only from outside.
var ReturnPages = returnPages

// Niceness is that of the calling thread.
var Niceness = niceness
