// Package evidence looks at the server's processes for the verdict about a call that hangs: whether they work, wait, are
// stopped, or only lead to a server that runs elsewhere.
//
// It promises to be rare and cheap: a look that comes soon after another returns what that has seen, and looking takes at
// most a hundredth of the time. What it returns are counts, times, and one name out of a list of its own: no name or argument
// of a process leaves it.
//
// It must not know messages: package session asks for a look when it needs one.
package evidence
