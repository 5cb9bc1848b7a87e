package estimate_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing/estimate"
)

// words are different in each KiB, so that what was not counted shows.
func words(bytes int) []byte {
	var b []byte
	for i := 0; len(b) < bytes; i++ {
		word := "ab "
		if i/100%2 == 0 {
			word = "internationalization "
		}
		b = append(b, word...)
	}
	return b[:bytes]
}

func counted(b []byte) int64 {
	var c estimate.Counter
	c.Write(b)
	return c.Tokens()
}

// TestCounter checks single texts: what an escape means, and that a text can come in pieces.
func TestCounter(t *testing.T) {
	for _, test := range []struct {
		wire string
		want int64
	}{
		{``, 0}, {`word`, 1}, {`two words`, 2}, {`getUserName`, 3}, {`123`, 1}, {`123456`, 2}, {`1 2`, 3},
		{`a\nb`, 3}, {`a\\nb`, 3}, {`{\"a\":\"b\"}`, 5}, {`\u4f60\u597d`, 1}, {`你好`, 1}, {`    deep`, 2},
	} {
		var c estimate.Counter
		c.Write([]byte(test.wire))
		if c.Tokens() != test.want {
			t.Errorf("%s: %d tokens, want %d", test.wire, c.Tokens(), test.want)
		}
		var pieces estimate.Counter
		for i := range len(test.wire) {
			pieces.Write([]byte(test.wire[i : i+1]))
		}
		if pieces != c {
			t.Errorf("%s: %d tokens, in pieces %d", test.wire, c.Tokens(), pieces.Tokens())
		}
	}
}

// TestMeter checks what is counted as it is: all of messages of up to 64 KiB, as long as there is a budget for them, and then
// again when time has passed.
func TestMeter(t *testing.T) {
	now := time.Unix(1, 0)
	message := words(64 << 10)
	want := counted(message)
	var m estimate.Meter
	measure := func(at time.Time) int64 {
		m.Begin(at)
		m.Value()
		from := m.Read()
		m.Write(message)
		return m.Read().Since(from)
	}
	for i := range 16 { // 1 MiB
		if got := measure(now); got != want {
			t.Fatalf("message %d: %d tokens, want %d", i, got, want)
		}
	}
	if got := measure(now); got == want {
		t.Errorf("a flood is counted to the last byte")
	}
	if got := measure(now.Add(40 * time.Millisecond)); got != want {
		t.Errorf("a message after a pause: %d tokens, want %d", got, want)
	}
	if got := measure(now.Add(40 * time.Millisecond)); got == want {
		t.Errorf("the pause counts twice")
	}
	if got := measure(now.Add(-time.Hour)); got == want {
		t.Errorf("a time that has gone back gives a budget")
	}
}

// TestMeterInPieces: how a message was cut into pieces does not show.
func TestMeterInPieces(t *testing.T) {
	message := words(300 << 10)
	for _, saving := range []bool{false, true} {
		var want int64
		for _, size := range []int{len(message), 4096, 1000, 7} {
			var m estimate.Meter
			for range 100 {
				if m.Begin(time.Unix(1, 0)); saving {
					m.Write(message)
				}
			}
			m.Begin(time.Unix(1, 0))
			m.Value()
			from := m.Read()
			for rest := message; len(rest) > 0; {
				n := min(size, len(rest))
				m.Write(bytes.Clone(rest[:n]))
				rest = rest[n:]
			}
			got := m.Read().Since(from)
			if want == 0 {
				want = got
			}
			if got != want {
				t.Errorf("in pieces of %d, saving %v: %d tokens, want %d", size, saving, got, want)
			}
		}
	}
}

// FuzzCounter: whatever comes, no more than a few tokens a byte, and pieces do not show.
func FuzzCounter(f *testing.F) {
	f.Add([]byte(`{"a":"\u00e9\n\\"}`), 3)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		var whole, pieces estimate.Counter
		whole.Write(text)
		cut = min(max(cut, 0), len(text))
		pieces.Write(text[:cut])
		pieces.Write(text[cut:])
		if whole != pieces {
			t.Errorf("%q: %d tokens, cut at %d %d", text, whole.Tokens(), cut, pieces.Tokens())
		}
		if n := whole.Tokens(); n < 0 || n > 3*int64(len(text)) {
			t.Errorf("%q: %d tokens", text, n)
		}
	})
}
