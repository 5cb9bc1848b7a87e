// Package framing reads JSON-RPC messages, one to a line, out of a stream of bytes that somebody else relays: the framing
// of the Model Context Protocol on stdio. It looks and never touches.
//
// # What it owns
//
// A Scanner is shown the bytes of one direction, in whatever chunks they were read. It walks them once and reports each
// message, with the values that a Table of paths asks for, and each line that is no message, with what is wrong with it. It
// is a state machine that can stop and go on at any byte: no line is ever collected, no chunk is kept, nothing recurses.
//
// Where the table has something below a container, the scanner goes through that container member by member; so the
// containers open in that way are no more than the longest path has keys. Every other value is skipped, and of a skipped
// container only its depth of nesting is known, a number. On amd64 the skipping goes 64 bytes at a time. Members that are whole
// and spelt as programs spell them are read a short way, which first tries the key that came at this place in the last message.
//
// # What it promises
//
// The chunking never shows: the same bytes yield the same messages however they were cut, but for the times.
//
// Memory is constant: of a message of any size or depth it holds the picked values, each within its path's bound and those
// below arrays within a bound for all of them together, which Message.Dropped counts when it is reached. Nothing is
// allocated per message once the buffers have grown to what messages need. When a line has ended, what was copied of its values
// is cleared from the buffers.
//
// On a line that encoding/json accepts, it finds exactly what encoding/json would: keys match decoded and exact, the last of
// equal keys wins with all that is below it, lone surrogates and invalid UTF-8 become U+FFFD. Such a line is never Malformed.
//
// # What it checks
//
// It is no validator. In containers that it goes through, the grammar is checked token by token: brackets, commas, colons,
// numbers, and the words true, false and null; escapes in keys and in texts that are wanted, as far as they are wanted. In a
// skipped container only this is: that its strings end, that as many brackets close as open, and that the last is of the
// first one's type. Control characters in strings, which RFC 8259 forbids, are let pass everywhere. So a line that is
// reported as a message may still be no JSON, but a line that is Malformed never is any.
//
// # Lines
//
// Only 0x0A ends a line. Blank lines are passed over; white space around a message, a byte order mark at a line's start and a
// carriage return at its end are tolerated. Message.Size is that of the line without its "\n" or "\r\n", and with any
// other white space and byte order mark.
//
// A line whose first character is neither { nor [ is Noise, and so is one that begins with [ and breaks the grammar
// before the first object: "[INFO] ready" is what servers write. Noise that looks like the first line of another framing is
// Foreign: it begins with "Content-Length:", "Content-Type:" or "HTTP/1.", or it is the request line of HTTP/1.
// The same goes for what stands behind a message on its line, which makes the line Malformed otherwise.
//
// The line of a batch is reported as its messages, each when it ends; should the line break the grammar after that, it is
// reported as Malformed as well. If it has elements that are no objects, or none, it is reported as NotRPC once, at its end.
//
// # What it must not import
//
// Anything but the standard library.
package framing
