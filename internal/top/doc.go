// Package top is the terminal view of stored sessions, without a terminal: a model that takes events, keys and the
// time, and returns the lines of a screen.
//
// # Parts
//
// A [Model] has a [watch.World], which holds what is known of the sessions, and panes, each of which shows a part of it: the
// list of sessions, the operations of some of them, one call, the tools, and what happens now. The model owns what all
// panes share: the rails, the block that says what needs a look, the filter, the keys of every view. A pane never
// changes the world.
//
// The model reads no file. What it lacks it asks for: [Model.Wants] returns what to load, and [Model.Take] receives it.
// Package terminal runs it in a terminal, with a store.
//
// # Promises
//
// A line is exactly as wide as it should be, whatever the names of peers contain, and nothing of theirs reaches the
// terminal unless it can be printed. Rows do not move unless a key was pressed; what needs a look has a mark and a
// word, not a color alone.
package top
