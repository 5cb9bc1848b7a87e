package replay

import (
	"fmt"
	"io"
	"strings"

	"github.com/spanpipe/spanpipe/internal/junit"
)

// WriteJUnit writes the report as a suite of tests, a test for each entry.
func (r *Report) WriteJUnit(out io.Writer, recording string) error {
	suite := junit.Suite{Name: "spanpipe replay " + recording}
	for i := range r.Entries {
		e := &r.Entries[i]
		c := junit.Case{Class: recording, Name: e.Title(), Duration: e.Replayed}
		if e.Ignored {
			c.Skipped = "a rule ignores it"
		}
		if n := len(e.Differences); n > 0 {
			var text strings.Builder
			for j := range e.Differences {
				text.WriteString(e.Differences[j].String() + "\n")
			}
			c.Failure = &junit.Failure{Message: e.Differences[0].Where() + " " + e.Differences[0].Change.Words(), Text: text.String()}
			if n > 1 {
				c.Failure.Message = fmt.Sprintf("%d differences", n)
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
	return junit.Write(out, suite)
}

// Title names an entry among the others of its report.
func (e *Entry) Title() string {
	switch e.Sort {
	case Request:
		return fmt.Sprintf("%d %s", e.Number, e.Name)
	case ServerRequest:
		return "server: " + e.Name
	}
	return e.Name
}

// Words say what has become of a place, as in "text differs".
func (c Change) Words() string {
	return map[Change]string{Changed: "differs", Added: "is new", Removed: "is missing"}[c]
}

// Where is the place of a difference in its entry, such as result content[0].text.
func (d *Difference) Where() string { return strings.TrimSpace(d.Part + " " + d.Path) }

// String returns a difference as plain text, of as many lines as it has sides, and one.
func (d *Difference) String() string {
	text := d.Where() + ":"
	if d.Note != "" {
		text += " " + d.Note
	}
	if d.Change != Added && d.Recorded != "" {
		text += "\n  - " + d.Recorded
	}
	if d.Change != Removed && d.Replayed != "" {
		text += "\n  + " + d.Replayed
	}
	return text
}
