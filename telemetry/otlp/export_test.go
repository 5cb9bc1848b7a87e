package otlp

// CutVariableOn is CutVariable on a system that compares names without case, or not.
var CutVariableOn = cutVariable
