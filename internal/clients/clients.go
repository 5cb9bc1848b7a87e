// Package clients knows the configuration files of MCP clients: where they are, which servers they start, and what they
// look like with spanpipe in front of these servers.
//
// The table is data (table.yaml): a client is a row, and a few lines of code only if the shape of its entries is its own.
// Find reads the files that are there, each with its servers. The package changes none: File.Wrap and File.Unwrap return the text
// that a file would have, which package edit makes and package backup writes.
package clients
