package telemetry

// ReturnPages is tested by itself: what it does shows only from outside.
var ReturnPages = returnPages
