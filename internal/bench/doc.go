// Command bench measures what spanpipe costs: go run ./internal/bench, see docs/performance.md.
//
// It owns a client, a trivial stdio server (server/server.c, compiled where there is a C compiler, else the same in Go: this
// binary in another role), a collector that counts what arrives, and the arithmetic. The client talks to the server
// through each subject in turn: directly; through two cat processes, the floor for any relay; through spanpipe with
// telemetry off, with OTLP on, with all content captured; through whatever other wrapper was named.
//
// It promises that all subjects are measured in one run and in turns, block by block, with the order changing from round
// to round, so that the noise of a machine hits all alike; and that every ratio is the median of the ratios within the
// rounds. Absolute numbers belong to the machine, ratios to the program.
//
// CPU time and memory are those of the subject's own processes: all that were started, less the server, which says its
// process id itself. The collector is a process of its own, so that its work is counted as nobody's; on a machine with
// few cores it still takes time from everyone.
//
// It must not import anything of this module: it knows of the product what a user does. The one exception is the fleet,
// which runs the telemetry of a thousand sessions in one process, since a thousand processes would measure the machine.
package main
