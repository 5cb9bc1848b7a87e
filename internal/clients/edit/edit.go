// Package edit reads and changes single values of configuration files that people write: JSON, with comments and trailing
// commas as JSONC has them, TOML and YAML. An edit replaces the bytes of the value concerned, written as its neighbors are;
// every other byte of the file stays: comments, order, indentation, line ends, byte order mark and quoting.
//
// Nothing is written that was not proven: after each edit the text is parsed again, and if that does not give the tree of
// before with the one change, the edit is an error. Files are not touched here: text comes in, text goes out.
//
// Parse returns a File with its tree of Nodes; Set, Prepend, Drop and Delete each return another File. file.go checks and proves
// them, for every format. A format (json.go, toml.go, yaml.go) lets a library parse the text, and finds the bytes to replace.
package edit

import "fmt"

// Format is the format of a file.
type Format string

// The formats.
const (
	JSON Format = "json" // with comments and trailing commas
	TOML Format = "toml" // 1.0
	YAML Format = "yaml" // 1.2, one document
)

// Kind is what a value is.
type Kind int

// The kinds.
const (
	Other Kind = iota // a number, a boolean, null, a date
	String
	List
	Map
)

// Node is a value of a file.
type Node struct {
	Kind    Kind
	Text    string    // of a String its value; of Other, what stands in the file
	Items   []*Node   // of a List
	Members []*Member // of a Map, in the order of the file
	Line    int       // where it begins, from 1; 0 for a value that is not in a file
	Column  int       // in characters, from 1

	start, end int // its bytes, in the text without a byte order mark
}

// Member is a named value of a Map.
type Member struct {
	Name  string
	Value *Node

	start, end int // its bytes, from its name to the end of its value
}

// Path leads from the root of a file to a value: names of members, and indexes of items in decimal.
type Path []string

// SyntaxError is why a file cannot be parsed, or has something that cannot be edited safely.
type SyntaxError struct {
	Line, Column int    // from 1; 0 if it is not known
	Text         string // what is wrong, for people, such as "a comma is missing"
	Broken       bool   // the format does not allow it, so the file's client cannot read it either
}

// broken marks an error of a file that the format does not allow.
func (e *SyntaxError) broken() *SyntaxError {
	e.Broken = true
	return e
}

// Error implements error.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}
