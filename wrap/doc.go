// Package wrap runs a stdio server as if we were not there: it starts the server, carries bytes between it and the host,
// hands signals on, and ends as the server ended.
//
// The rule is that whatever a host does to us, the server sees what it would have seen without us, and whatever the
// server does, the host sees. One pump a direction reads what there is, writes it on at once, and only then shows the
// same bytes to a Tap. The server stays in our process group and session, has our other descriptors, our working
// directory and our stderr. What cannot be hidden is listed in docs/reliability.md, row by row, with the reason.
//
// A process wraps one server, as a rule: signals, the child subreaper and descriptors 0 to 2 belong to the whole process.
// Several servers in one process work, but a process that starts other children of its own should set
// Config.KeepOrphans, because what a subreaper adopts cannot be told from what it started itself.
//
// The package knows nothing of what the bytes mean. It imports the standard library and golang.org/x/sys, and it is the
// only package here that starts processes or listens for signals.
package wrap
