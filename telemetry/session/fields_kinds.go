package session

import (
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/framing"
)

// How much is kept of a text.
const (
	maxName    = 128 // bytes kept of a name
	maxWord    = 32  // of a word from a fixed list, a number, a date
	maxURI     = 512
	maxState   = 512 // of W3C tracestate: the length that its specification asks to propagate
	maxContext = 64  // of W3C traceparent
	maxID      = framing.MaxIDText
	maxTask    = 128 // of a task's id
	maxCursor  = 512
)

// path parses the keys of a path.
func path(keys string, want framing.Want, most int) framing.Path {
	p := framing.Path{Keys: strings.Fields(keys), Want: want, Max: most}
	for i, key := range p.Keys {
		if key == "*" {
			p.Keys[i] = framing.Each
		}
	}
	return p
}

// text is a field whose text needs a function of its own.
func text(keys string, most int, take func(*Decoder, *framing.Value, *Raw)) field {
	return field{path(keys, framing.Text, most), take}
}

// name is a text that the sender chose.
func name(keys string, to func(*Raw) *string) field {
	return text(keys, maxName, func(d *Decoder, v *framing.Value, m *Raw) {
		if len(v.Text) > 0 {
			*to(m) = d.name(v.Text, v.Truncated)
		}
	})
}

// formed is a text that has a form of its own, which no name has: any other text becomes Other.
func formed(keys string, has func(string) bool, to func(*Raw) *string) field {
	return text(keys, maxWord, func(d *Decoder, v *framing.Value, m *Raw) {
		if len(v.Text) > 0 {
			*to(m) = d.formed(v.Text, v.Truncated, has)
		}
	})
}

// word is a text from a fixed list. Any other text becomes other; if that is empty, the field is absent.
func word(keys string, words []string, other string, to func(*Raw) *string) field {
	return text(keys, maxWord, func(_ *Decoder, v *framing.Value, m *Raw) {
		if v.Type != framing.String {
			return
		}
		if i := slices.Index(words, string(v.Text)); i >= 0 {
			*to(m) = words[i]
		} else if other != "" {
			*to(m) = other
		}
	})
}

// id is the id of a request or a task, or a token.
func id(keys string, most int, to func(*Raw) *Ref) field {
	return text(keys, most, func(_ *Decoder, v *framing.Value, m *Raw) { *to(m) = newRef(v.ID()) })
}

// anyType makes a flag true whatever the member's value is.
const anyType framing.ValueType = 0

// flag is true if the member's value is of the given type.
func flag(keys string, is framing.ValueType, to func(*Raw) *bool) field {
	return field{path(keys, 0, 0), func(_ *Decoder, v *framing.Value, m *Raw) {
		if is == anyType || v.Type == is {
			*to(m) = true
		}
	}}
}

// hash is a keyed hash of a value.
func hash(keys string, to func(*Raw) *uint64) field {
	return field{path(keys, framing.Hash, 0), func(_ *Decoder, v *framing.Value, m *Raw) { *to(m) = v.Hash }}
}
