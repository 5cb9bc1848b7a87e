package session

import (
	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// contentFields are the members that hold the content asked for. The decoder knows the method when it reads a value,
// except for a result's.
func contentFields(c Contents) []field {
	var fields []field
	piece := func(keys string, to func(*RawContent) *Piece, wants func(method string) bool) {
		fields = append(fields, field{path(keys, framing.Raw, c.Max), func(_ *Decoder, v *framing.Value, m *Raw) {
			if wants(m.Method) {
				*to(m.content()) = copyPiece(v)
			}
		}})
	}
	only := func(wanted string) func(string) bool { return func(method string) bool { return method == wanted } }
	if c.Arguments || c.Prompts {
		piece("params arguments", func(c *RawContent) *Piece { return &c.Arguments }, c.wantsArguments)
	}
	if c.Prompts {
		piece("params messages", func(c *RawContent) *Piece { return &c.Messages }, only(semconv.SamplingCreateMessage))
	}
	if c.Messages {
		piece("params data", func(c *RawContent) *Piece { return &c.Data }, only(semconv.LogMessage))
	}
	if c.Results || c.Prompts {
		piece("result", func(c *RawContent) *Piece { return &c.Result }, func(string) bool { return true })
	}
	if c.Errors {
		take := func(d *Decoder, v *framing.Value, _ *Raw) {
			if d.errors.content == nil {
				d.errors.content = v
			}
		}
		fields = append(fields, text("error message", c.Max, take), text("result content * text", c.Max, take))
	}
	return fields
}

// measureFields are the members that metric rules look at.
func measureFields(c Contents) []field {
	var fields []field
	piece := func(keys string, to func(*measured) **framing.Value) {
		fields = append(fields, field{path(keys, framing.Raw, c.MeasureMax), func(d *Decoder, v *framing.Value, _ *Raw) {
			*to(&d.measured) = v
		}})
	}
	if c.MeasureRequest {
		piece("params arguments", func(m *measured) **framing.Value { return &m.arguments })
	}
	if c.MeasureResponse {
		piece("result", func(m *measured) **framing.Value { return &m.result })
		piece("error", func(m *measured) **framing.Value { return &m.failure })
		notified := func(keys string, to func(*measured) **framing.Value) { // notifications/tasks of the extension
			fields = append(fields, field{path(keys, framing.Raw, c.MeasureMax), func(d *Decoder, v *framing.Value, m *Raw) {
				if m.Method == semconv.TasksNotification {
					*to(&d.measured) = v
				}
			}})
		}
		notified("params result", func(m *measured) **framing.Value { return &m.result })
		notified("params error", func(m *measured) **framing.Value { return &m.failure })
	}
	return fields
}
