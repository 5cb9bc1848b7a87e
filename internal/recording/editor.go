package recording

import (
	"bytes"

	"github.com/spanpipe/spanpipe/consent/redact"
)

// editor redacts the lines of a conversation.
type editor struct {
	redactor *redact.Redactor
}

func newEditor(r *redact.Redactor) *editor { return &editor{redactor: r} }

// noLimit is more than what any line becomes.
const noLimit = 1 << 30

// line returns what may be kept of a line. Of a partial one the end is missing.
func (e *editor) line(_ int, data []byte, partial bool) []byte {
	text, whole := bytes.CutSuffix(data, []byte{'\n'})
	out := []byte(e.redactor.JSON(text, partial, noLimit))
	if whole {
		out = append(out, '\n')
	}
	return out
}

// Redact returns a function that redacts whole lines as a recorder with this redactor does.
func Redact(r *redact.Redactor) func(line []byte) []byte {
	e := newEditor(r)
	return func(line []byte) []byte { return e.line(0, line, false) }
}
