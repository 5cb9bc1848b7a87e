// Package push sends stored sessions over OTLP.
//
// It reads the lines of a session's files, makes requests of them that fit, and hands these to the senders of package
// otlp. What a collector has acknowledged it notes in the session's directory, so that it is not sent to that
// destination again:
//
//	push.json  for each destination how far its files were sent; replaced after each acknowledgement
//	push.lock  locked by a push while it works on the session
//
// # Promises
//
// Every item arrives at least once, in the order of its file. It arrives a second time, with the same ids, only if it
// was not known whether it had arrived: the connection was lost, the time was over, or the process was killed between the
// acknowledgement and its note.
//
// # Limits
//
// The package opens no connection itself and changes nothing of a session but these two files.
package push
