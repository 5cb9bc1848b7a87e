// Package clients knows the configuration files of MCP clients: where they are, which servers they start, and what they
// look like with spanpipe in front of these servers.
//
// The table is data (table.yaml): a client is a row, and a few lines of code only if the shape of its entries is its own.
// The package reads files and changes none: Wrap and Unwrap return what a file would be, which package backup writes.
package clients
