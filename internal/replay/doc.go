// Package replay plays the client's side of a recording against a fresh server, and compares what the two servers said.
//
// It has three steps, each with a value of its own:
//
//	Plan     a recording, read: what the client sends, what each of these lines has to wait for, and what the server
//	         said. NewPlan makes it, and it is not changed afterwards.
//	Played   the plan with a fresh server's messages beside the recorded ones. Plan.Play makes it, over two pipes.
//	Report   what differs, operation by operation, after the normalisation that the rules ask for. Compare makes it.
//
// Two rules keep a replay true to the recorded client, and free of races. A line of the client's is sent once that has
// arrived which it followed from, and not before: docs/adr/0035 has what that is. And what a server made up and the client
// sent back, such as a cursor or the id of a task, is taken from the fresh server's message at the same place.
//
// Every wait is bounded: a server that hangs, ends early or says nothing is a difference. The package starts no process and
// touches no files; who does that is internal/cli.
package replay
