// Package serve runs the server of package web: it listens, hands links to the user and to the browser, and ends at a signal.
//
// Only it knows package browser. A request is answered by package web, which does not, and so cannot start a process.
package serve
