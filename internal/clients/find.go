package clients

import "github.com/spanpipe/spanpipe/internal/clients/edit"

// Find returns what exists of the table's places, in its order.
func Find(m Machine) []*File { return nil }

// Given returns the file of --config as if it were in the table. The format "" is that of the name's ending; the client "" is
// found out by the keys in the file.
func Given(path string, format edit.Format, client string) *File { return nil }

// Reread returns the same place of a newer text of the file: two places may share a file, so that the second edit starts
// with the result of the first.
func (f *File) Reread(raw []byte) *File { return nil }

// Side returns a sentence about which machine's files are edited, where there may be doubt: in WSL, over SSH and in a
// development container. Else it returns "".
func Side(m Machine) string { return "" }
