// Package export writes a stored session in forms that leave this machine's store: a page for people, OTLP JSON and
// records for other programs.
//
// It promises that a page needs nothing but itself, runs no script, and loads nothing whatever names a peer has chosen, and
// that captured content is in none of the forms unless it was asked for.
//
// It must not open a connection, nor write anywhere but to the writer that it is given.
package export
