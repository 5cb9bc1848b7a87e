// Package wrap runs a stdio server behind a relay that neither the host nor the server should notice.
//
// It owns the server's process: how its program is found and started, which signals reach it, what happens to the
// processes it leaves behind, and which exit status the host sees. And it owns the relay, one pump per direction, which
// reads what is available, writes it on at once, and only then shows the same bytes to a Tap:
//
//	client ── Config.Stdin ──► pump ── pipe ──► the server's stdin
//	                            └────► Config.StdinTap
//	client ◄─ Config.Stdout ── pump ◄─ pipe ── the server's stdout
//	                            └────► Config.StdoutTap
//
// It promises that the server sees what the host does as if it had been started by the host, and the host what the
// server does. The server stays in our process group and session, and inherits the working directory, stderr and every
// other descriptor. What cannot be hidden is listed in docs/limits.md, row by row, with the reason.
//
// A process wraps one server at a time, because signals, the child subreaper and descriptors 0 to 2 belong to the whole
// process. A process that has other children, or several servers, must set Config.KeepOrphans: a subreaper cannot
// distinguish the processes that it adopts from those that it started. It remains a subreaper after the server's end.
//
// Where things are decided:
//
//   - server.go: the life of a server, from Start to Wait
//   - child.go: the server's process and its only waiter
//   - exit.go: the exit status
//   - ending.go: which side ended the session
//   - signals.go: which signals reach the server
//   - pump.go: how bytes move, and when the relay stops after the server has exited
//   - orphans_linux.go: what happens to processes that outlive the server
//   - lookup_unix.go: which program a command is, and why it did not start
//   - sys_*.go: what each operating system does differently, the death of a killed wrapper's server among it
//
// It must not know what the bytes mean, and so imports nothing of this module but internal/proctree and wrap/winargs.
// No other package of the product starts processes or listens for signals.
//
// Before version 1.0 this is not a public API: names and behavior may change with any release.
package wrap
