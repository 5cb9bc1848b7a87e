/*
Package web serves a page over the sessions of a store: what "spanpipe ui" opens in a browser.

# What it promises

It only reads: nothing that it serves changes the store or starts a process. It gives nothing to another page, nor to another
user of the machine; guard.go and code.go say how. What peers have called their tools reaches the page as text alone.

# How it works

	guard.go code.go assets.go    who may ask, and the page itself
	routes.go reply.go query.go   requests and replies; package api has their shapes
	source.go keeper.go           what is known of sessions while they are looked at, see package watch
	stream.go events.go           what changes in that
	sessions.go run.go …          a file for each kind of data; what replies are made of is in a source, see source.go

While a page is connected, the keeper follows the store; without one, nothing runs.
*/
package web
