// Package script plays a session without a client: a handshake, lists, and the calls that a file names.
package script
