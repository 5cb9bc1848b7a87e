// Package rules makes numbers of what tools, resources and prompts are given and answer: metrics that the user has
// written down as rules (SPANPIPE_METRIC_RULES).
//
// It owns the form of the file, and how a rule finds its value, its condition and its labels. Reading the file, and
// exporting what is measured, are for others: nothing here touches files, clocks or goroutines.
//
// # From a file to measurements
//
//	Parse      file → Set, and the problems, each with line and column
//	Recorder   contents of one session's messages → record.Measurement
//
// A Recorder receives each request (Request, then Opened), its response (Response), and the operation's end (Ended), which
// is when it returns what was measured. It keeps numbers and listed words between these, never content.
//
// # Promises
//
// Only numbers and words that the file lists come out. Everything is bounded: the file, the rules, the values of a
// message, the series of a rule, the length and the size of regular expressions, and what a path may cost. A panic in a
// library disables the rule that was being evaluated, and nothing else.
package rules
