package cli

import (
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// plainJSON writes JSON for whatever stdout is, which may be a terminal: characters that control one or reorder a line are
// written as \u009b. JSON has the others of these in that form anyway, and a program that reads it sees no difference. Each
// Write has whole characters.
type plainJSON struct{ io.Writer }

// Write implements io.Writer.
func (p plainJSON) Write(text []byte) (int, error) {
	if _, err := p.Writer.Write(escapeJSON(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// escapeJSON returns the text itself if there is nothing to escape.
func escapeJSON(text []byte) []byte {
	var out []byte
	done := 0 // what of the text is in out
	for i := 0; i < len(text); {
		if c := text[i]; c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) {
			out = append(out, text[done:i]...)
			done = i + size
			if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
				out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
		}
		i += size
	}
	if done == 0 {
		return text
	}
	return append(out, text[done:]...)
}
