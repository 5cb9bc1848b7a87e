// Package framing reads JSON-RPC messages out of a stream of bytes that another part of the program relays. The
// framing is that of the Model Context Protocol's stdio transport: one message on each line, in UTF-8, with no
// newline inside it. The package only looks: it never changes, delays or keeps the bytes.
//
// # The model
//
// A stream has two directions, and each has a [Scanner] of its own. The relay passes every chunk that it read to
// [Scanner.Write], and [Scanner.Close] at the end. The scanner calls its emit function with a [Message] for each
// JSON-RPC message, and for each line that is not one:
//
//	chunk ──► line ──► message ──► values
//
// A message may be larger than memory, so the scanner never collects one. It is a state machine that goes over the
// bytes once and can stop between any two of them. What it keeps is decided beforehand, by a [Table] compiled from
// paths: [Path]{Keys: {"params", "name"}, Want: Text, Max: 128} picks params.name as text, cut to 128 bytes.
// A picked member becomes a [Value] of its message. Its type and its size on the wire are always exact.
//
// Each key or value that has begun and not ended is a frame on a stack, which keeps as many of its bytes as are
// wanted; a text is decoded when all of it is there. A container is on the stack while the scanner looks at its
// members, which it does only if a path leads through them; so the stack is never deeper than the longest path. Any
// other container is skipped as a whole, however deep: of its nesting only a number is kept.
//
// # Files
//
//	scanner.go  chunks → lines → messages: Write, Close, and what is reported of a line
//	token.go    the state machine over the bytes of a line: one token after the other
//	frame.go    the stack of begun keys, values and containers
//	picked.go   what is kept of a picked member
//	kind.go     what a finished line is: request, response, noise, …
//	table.go    paths, compiled to a tree of keys
//	skip.go     fast ways over text that no path wants
//	estimate/   how many tokens a value is for a model
//	text.go     escapes and invalid UTF-8, decoded as encoding/json does
//	number.go   the grammar of numbers
//	message.go  what is reported
//
// # Who owns the bytes
//
// The caller owns the chunks: the scanner copies what it needs, and the caller may reuse a chunk when Write has
// returned. The scanner owns the Message and every slice in it, including the Text of its values. They are valid
// until the emit function returns, and must be copied to be kept. At the end of each line the scanner clears its
// copies, since they may be content that the user has not agreed to store.
//
// # Promises
//
// The same bytes yield the same messages however they were cut into chunks, except for the times, and for Value.Tokens of
// floods, see estimate.Meter.
//
// Memory is bounded, whatever comes: of one message the scanner keeps the picked values, each cut to its path's Max,
// and of those below arrays at most 4096 values and 64 KiB. Message.Dropped counts the others. Once the buffers have
// grown to what messages need, nothing is allocated.
//
// On a line that encoding/json accepts, the scanner finds exactly what encoding/json does: it compares keys decoded
// and exactly, the last of several equal keys counts with all that is below it, and lone surrogates and invalid UTF-8
// become U+FFFD. Such a line is never Malformed.
//
// # What is not checked
//
// The scanner is not a validator. It checks the grammar of RFC 8259 where it looks at members: brackets, commas,
// colons, numbers, the words true, false and null, and the escapes of keys and of wanted texts, up to where they are
// cut. Of a container that it skips, it checks that its strings end, that as many brackets close as open, and that
// the last one is of the first one's type. Control characters in strings are accepted. So a reported message may
// still be invalid JSON, but a Malformed line always is.
//
// # Lines
//
// Only 0x0A ends a line. Blank lines are ignored. White space around a message, a byte order mark at the beginning
// of a line and a carriage return at its end are tolerated. Message.Size is the size of the line without its "\n" or
// "\r\n", but with any other white space and the byte order mark.
//
// A line is Noise if its first character is neither { nor [, and also if it begins with [ and violates the grammar
// before the first object: servers do write "[INFO] ready" to stdout. Noise that looks like another framing is
// Foreign: it begins with "Content-Length:", "Content-Type:" or "HTTP/1.", or is an HTTP/1 request line. Text after
// a message on the same line makes the line Malformed, or Foreign.
//
// A JSON-RPC batch, which of the versions of MCP only 2025-03-26 allows, is reported as its messages, each when it
// ends. If the line violates the grammar after that, it is reported as Malformed too. If it has elements that are not
// objects, or none at all, it is reported as NotRPC, once, at its end.
//
// # Stability
//
// This is not a public API before version 1.0: names and behavior may change in any release. The package imports
// only the standard library and its own package estimate.
package framing
