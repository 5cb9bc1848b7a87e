package telemetry

import (
	"bytes"
	"encoding/json"
	"slices"
)

// omit returns the JSON of a result, or of messages for sampling, without the members that are never collected: every
// _meta, which MCP puts into results, messages and the blocks of their content, and the result's own description, which
// is that of the prompt. The JSON may be cut off at its end; a member that is cut off is left out like a whole one.
//
// It runs before redaction and on the whole piece, so that neither a chosen key nor the limit of a piece can let a
// part of such a member through. Text that holds JSON is not taken apart: it is the author's, not the protocol's.
func omit(raw []byte) []byte {
	if raw == nil {
		return nil // not captured
	}
	o := omitter{raw: raw, out: make([]byte, 0, len(raw)), dec: json.NewDecoder(bytes.NewReader(raw))}
	o.dec.UseNumber() // 1e999 is JSON, but no float64
	for {
		token, err := o.dec.Token()
		if err != nil {
			return append(o.out, raw[o.copied:]...) // the end, or a string or number that is cut off
		}
		if name, ok := token.(string); ok && o.isName() && (name == "_meta" || name == "description" && len(o.open) == 1) {
			var value json.RawMessage
			if o.dec.Decode(&value) != nil {
				return o.out // the rest belongs to it
			}
			o.copied = int(o.dec.InputOffset())
			continue
		}
		o.keep(token)
	}
}

// omitter copies JSON, token by token.
type omitter struct {
	raw, out []byte
	copied   int // how much of raw is in out, or left out
	dec      *json.Decoder
	open     []container
}

// container is an open object or array.
type container struct {
	object bool
	tokens int // kept directly in it; in an object, names and values in turn
}

// isName reports whether the next token directly in the innermost container is the name of a member.
func (o *omitter) isName() bool {
	n := len(o.open)
	return n > 0 && o.open[n-1].object && o.open[n-1].tokens%2 == 0
}

// keep copies the token that was read last, with what stands before it: white space, and a comma unless all members
// before it were left out.
func (o *omitter) keep(token json.Token) {
	end := int(o.dec.InputOffset())
	part := o.raw[o.copied:end]
	if n := len(o.open); n > 0 && o.open[n-1].tokens == 0 {
		part = bytes.TrimLeft(part, ", \t\r\n")
	}
	o.out, o.copied = append(o.out, part...), end
	delim, _ := token.(json.Delim)
	if delim == '}' || delim == ']' {
		o.open = slices.Delete(o.open, len(o.open)-1, len(o.open))
	}
	if n := len(o.open); n > 0 && delim != '}' && delim != ']' {
		o.open[n-1].tokens++
	}
	if delim == '{' || delim == '[' {
		o.open = append(o.open, container{object: delim == '{'})
	}
}
