// Package player is an MCP client of spanpipe's own, for a person who wants to see a server without one.
//
// It owns one session over two pipes: the handshake of every protocol version, lists with their pages, calls, the server's
// own requests, and what comes on the pipe that is no message. Where strict clients give up it goes on as far as it can and
// says what was wrong, which is what it is for, and why it is not a client of an SDK.
//
//	initialize first     It asks for the newest version that has a handshake, and takes any older one. A server that
//	                     refuses may name the versions that it knows, or know stateless ones only (2026-07-28): then
//	                     server/discover follows. The specification advises clients to begin with server/discover; but
//	                     servers that do not know it may not answer, or fail, so clients do that in a process of its own.
//	it offers nothing    No roots, sampling or elicitation. A server that asks all the same gets no roots, and a refusal.
//
// It promises to end: each answer is awaited for a limited time. It starts no process and must not import anything of this
// module.
package player
