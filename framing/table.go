package framing

// Want says what is to be taken of a picked value. Its type and size always are.
type Want uint8

// What can be taken.
const (
	Text  Want = 1 << iota // the decoded text of a string, or a number, true, false or null as written
	Raw                    // the value's bytes as they came
	Hash                   // a keyed hash of the value's bytes as they came
	Count                  // how many elements an array has
)

// Each in a Path's Keys stands for every element of an array.
const Each = "\x00each"

// Path names one value to pick out of a message: the keys that lead to it from the message's top, decoded and exact.
// "id", "method" and "jsonrpc" at the top are always picked, as are the presence of "result" and "error", and need no path.
//
//	Path{Keys: []string{"params", "name"}, Want: Text, Max: 128}
//	Path{Keys: []string{"result", "tools", Each, "name"}, Want: Text, Max: 128}
//	Path{Keys: []string{"params", "arguments"}, Want: Hash}
type Path struct {
	Keys []string
	Want Want
	Max  int // bytes kept of Text or Raw
}

// Table is a set of compiled paths. It is immutable and may be shared by scanners.
type Table struct{}

// Compile builds the table of the paths; a path's position is the Field of its values. One path may lead through or to
// another's value. It panics on an empty path, on more than 255 paths and on one that has both Text and Raw: a table is
// written by a programmer, not by a user.
func Compile(paths ...Path) *Table { panic("to be written") }
