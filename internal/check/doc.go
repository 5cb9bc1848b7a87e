// Package check holds sessions to budgets, so that a build fails when a server becomes slower, larger or wrong.
//
// A file of [Rules] has the budgets; docs/check.md describes it, and [All] lists the rules. [Judge] compares the records of sessions
// with them and returns a [Result] for each rule and each thing that it is about: a tool, a class of errors, a definition.
// [Definitions] are what a server offers, taken from a recording, as a file that is kept in a repository and compared field by field.
//
// The package is given texts and records, and returns values: who reads files and prints is elsewhere. Its functions may be called
// from any goroutine.
package check
