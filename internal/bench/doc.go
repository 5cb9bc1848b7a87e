// Command bench measures what spanpipe costs: go run ./internal/bench (see docs/performance.md).
//
// It owns a client, a server and a collector, each a process of its own, and the arithmetic. The client talks to the server
// through each subject in turn: directly; through two cat processes, the floor for any relay; through spanpipe with
// telemetry off, with the local store, with OTLP, with both, and with all content captured; through the same with every
// earlier build that -before names; through any other wrapper that -also names.
//
// All subjects are measured in one run and in turns, block by block, and the first one changes from round to round: the
// noise of a machine hits all of them alike. A ratio is the median of the ratios within the rounds. Absolute numbers belong
// to the machine, ratios to the program.
//
// CPU time and memory are those of the subject's own processes: all that were started, and their descendants, except the
// server. The collector's work counts for no subject, but on a machine with few cores it takes time from all of them.
//
// Of this module it imports only otlptest, mcptest and proctree: it knows about the product what a user knows, so that it
// can measure a build of any commit. The exceptions are storetest and the records that it takes, which make a large store
// for reports to read.
package main
