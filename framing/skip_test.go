package framing_test

import (
	"math/rand/v2"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
)

// FuzzSkip checks that the vectorised skippers agree with the plain ones, which are simple enough to be believed, from
// any state, on any bytes, cut anywhere.
func FuzzSkip(f *testing.F) {
	for _, stream := range seeds(f) {
		f.Add(stream, uint8(1), uint8(1), uint16(70))
	}
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
		before.Set(int64(depth)+1, flags&1 != 0, flags&2 != 0)
		at := int(cut) % (len(b) + 1)
		want, wantState := skipBytes(b, before)

		state := before
		end := framing.SkipNested(b[:at], 0, &state)
		if end < 0 && at < len(b) {
			from := 0
			if flags&4 != 0 { // as the rest of a span, and not as a span of its own
				end = framing.SkipNested(b, at, &state)
			} else if end = framing.SkipNested(b[at:], 0, &state); end >= 0 {
				from = at
			}
			end += from
		}
		if end != want || end < 0 && state != wantState {
			t.Errorf("%q from %+v, cut at %d: %d %+v, plain %d %+v", b, before, at, end, state, want, wantState)
		}

		end, escaped := framing.SkipString(b, at, uint64(flags>>1&1))
		plain, plainEscaped := framing.SkipStringPlain(b, at, uint64(flags>>1&1))
		if end != plain || escaped != plainEscaped {
			t.Errorf("%q from %d: string ends at %d (%d), plain %d (%d)", b, at, end, escaped, plain, plainEscaped)
		}
	})
}

// skipBytes skips byte by byte, so that all of the state is carried at every place.
func skipBytes(b []byte, n framing.Nesting) (int, framing.Nesting) {
	for i := range b {
		if framing.SkipNestedPlain(b[i:i+1], 0, &n) > 0 {
			return i + 1, n
		}
	}
	return -1, n
}
