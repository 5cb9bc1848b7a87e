// Package replay plays the client's side of a recording against a fresh server, and compares what the two servers answered.
package replay
