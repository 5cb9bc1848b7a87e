// Package compare finds what differs between two sessions with a server: what was called and how that went, what results look like, how
// long calls took, what the server offers and costs, and what it says that no protocol allows.
//
// Operations are compared in groups: those of one method and target, such as all calls of one tool. Sizes and durations differ from one
// call to the next, so neither is compared exactly: see sizes.go and statistics.go. What only a recording has, such as the shape of
// results, is compared if both sessions are recordings.
//
// The package touches neither files nor the clock: the same two sessions always make the same Diff. Everything in a Diff that a peer
// wrote is as it was sent; Text makes it safe.
package compare
