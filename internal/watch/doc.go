/*
Package watch holds what is known of stored sessions while they are looked at, as it changes: runs, sessions, calls that are
open, what ended last, the figures of tools, and sentences about what needs a look. Package top draws it in a terminal, package
web for a browser.

# How it works

A World takes events: the listing of a store at the start, then what happens in it. It reads no file. What it lacks it asks for:
World.Drain returns what to load, and its Take methods receive it. It is for one goroutine.

Texts that contain names of peers are safe to show, see view.Steady. A sentence is the same wherever it is shown.
*/
package watch
