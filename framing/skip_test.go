package framing_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
)

// FuzzSkip checks that the skippers agree with a byte by byte count, which is simple enough to trust, from any state,
// on any bytes, cut anywhere.
func FuzzSkip(f *testing.F) {
	for _, stream := range seeds(f) {
		f.Add(stream, uint8(1), uint8(1), uint16(70))
	}
	f.Add([]byte("a"), uint8(1), uint8(2), uint16(1)) // nothing is left, and its first byte would be escaped
	f.Add(bytes.Repeat([]byte("a"), 100), uint8(1), uint8(2|4), uint16(100))
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		b := make([]byte, 500)
		for i := range b {
			b[i] = `"\{}[]ab,`[random.IntN(9)]
		}
		f.Add(b, uint8(random.IntN(256)), uint8(random.IntN(256)), uint16(random.IntN(500)))
	}
	f.Fuzz(func(t *testing.T, b []byte, depth, flags uint8, cut uint16) {
		before := framing.Nesting{}
		inString := flags&1 != 0
		before.Set(int(depth)+1, inString, inString && flags&2 != 0)
		at := int(cut) % (len(b) + 1)
		want, wantState := skipBytes(b, before)
		state := before
		end := framing.SkipNested(b[:at], 0, &state)
		if end < 0 && flags&4 != 0 { // go on in a span of its own, or within the whole
			end = framing.SkipNested(b, at, &state)
		} else if end < 0 {
			if end = framing.SkipNested(b[at:], 0, &state); end >= 0 {
				end += at
			}
		}
		if end != want || end < 0 && state != wantState {
			t.Errorf("%q from %+v, cut at %d: ends at %d %+v, byte by byte %d %+v", b, before, at, end, state, want, wantState)
		}

		escaped := uint64(flags >> 1 & 1)
		wantEnd, wantEscaped := skipStringBytes(b, at, escaped)
		if end, after := framing.SkipString(b, at, escaped); end != wantEnd || after != wantEscaped {
			t.Errorf("%q from %d: string ends at %d (%d), byte by byte %d (%d)", b, at, end, after, wantEnd, wantEscaped)
		}
	})
}

// skipBytes follows the depth byte by byte.
func skipBytes(b []byte, n framing.Nesting) (int, framing.Nesting) {
	depth, inString, escaped := n.Get()
	for i, c := range b {
		was := escaped
		escaped = inString && c == '\\' && !was
		switch {
		case c == '"' && !was:
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1, n
			}
		}
	}
	n.Set(depth, inString, escaped)
	return -1, n
}

// skipStringBytes looks for the end of a string byte by byte.
func skipStringBytes(b []byte, i int, escaped uint64) (int, uint64) {
	for ; i < len(b); i++ {
		switch {
		case escaped != 0:
			escaped = 0
		case b[i] == '\\':
			escaped = 1
		case b[i] == '"':
			return i, 0
		}
	}
	return -1, escaped
}
