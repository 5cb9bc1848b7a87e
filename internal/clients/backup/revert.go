package backup

import (
	"bytes"
	"slices"

	"github.com/aymanbagabas/go-udiff"
)

// revert takes back what spanpipe has changed in a text, line by line: before is what the text was, left what spanpipe has made
// of it, and now what has since been made of that. Where now differs from left in the same lines, they stay as they are. Only
// changes of the lines of left that are meant are taken back.
func revert(before, left, now []byte, meant func(from, to int) bool) []byte {
	edits := udiff.Lines(string(left), string(now))
	theirs := slices.Clone(edits)
	for _, ours := range udiff.Lines(string(left), string(before)) {
		conflict := slices.ContainsFunc(theirs, func(t udiff.Edit) bool {
			return t.Start < ours.End && ours.Start < t.End || t.Start == ours.Start && t.End == ours.End
		})
		from := bytes.Count(left[:ours.Start], []byte("\n"))
		if to := from + len(slices.Collect(bytes.Lines(left[ours.Start:ours.End]))); !conflict && meant(from, to) {
			edits = append(edits, ours)
		}
	}
	text, err := udiff.ApplyBytes(left, edits)
	if err != nil { // none of them overlap
		return now
	}
	return text
}
