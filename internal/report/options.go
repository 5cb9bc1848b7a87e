package report

import (
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Window is the time that a report is about. The one before it, of the same length, is what it is compared with.
type Window struct {
	Since, Until time.Time
}

// Before returns the start of the window before. There is no year before the first, which JSON could not express.
func (w Window) Before() time.Time {
	before := w.Since.Add(-w.Until.Sub(w.Since))
	if before.Year() < 1 {
		return time.Time{}
	}
	return before
}

// Options choose a report.
type Options struct {
	Window
	By       By
	Stored   time.Time      // from when on there are sessions; zero if there are none
	Failed   bool           // only rows with failures, those with the most first
	Location *time.Location // of days

	Price    float64 // of a million input tokens, as the user pays it; 0 if it is not known
	Currency string  // of the price; may be empty

	Changes map[string][]record.DefinitionChange // of definitions, by the server's name
}
