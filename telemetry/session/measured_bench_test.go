package session_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// BenchmarkMeasured measures what it costs the relay to read a result of 1 MiB: without metric rules, with rules that are for
// other calls, and with one for this.
func BenchmarkMeasured(b *testing.B) {
	line := []byte(`{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"` + strings.Repeat("word ", 1<<20/5) + "\"}]}}\n")
	for _, test := range []struct {
		name     string
		contents session.Contents
		wanted   bool
	}{
		{"none", session.Contents{}, false},
		{"others", session.Contents{MeasureMax: 256 << 10, MeasureRequest: true, MeasureResponse: true}, false},
		{"this", session.Contents{MeasureMax: 256 << 10, MeasureRequest: true, MeasureResponse: true}, true},
	} {
		b.Run(test.name, func(b *testing.B) {
			r := session.NewReader(test.contents)
			d := session.Decoder{Reader: r, Epoch: epoch, Wanted: func(*session.Raw) bool { return test.wanted }}
			var m session.Raw
			s := framing.NewScanner(r.Table, func(lent *framing.Message) { d.Decode(lent, &m) })
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				for rest := line; len(rest) > 0; {
					n := min(len(rest), 64<<10)
					s.Write(rest[:n], epoch)
					rest = rest[n:]
				}
			}
		})
	}
}
