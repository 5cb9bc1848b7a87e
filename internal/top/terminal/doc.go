// Package terminal runs the view of package top: in a terminal, with bubbletea, or as lines that a screen reader can
// read aloud. It owns the terminal's state, which is restored however the view ends, and loads what the model asks for.
//
// It must not be reached by a wrapped session: it handles signals and keys, which there belong to the server.
package terminal
