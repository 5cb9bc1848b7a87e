package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// BenchmarkDefinitions scans and decodes lists as the relay does: of prompts, which are copied so that fingerprints can be made of
// them, and of resources, which are not.
func BenchmarkDefinitions(b *testing.B) {
	tool := `{"name":"search_%03d","description":"` + strings.Repeat("Finds what matches. ", 40) + `","inputSchema":{"type":"object"}}`
	for _, size := range []int{100 << 10, 512 << 10} {
		var tools []string
		for total := 0; total+len(tool) < size-200; total += len(tool) {
			tools = append(tools, fmt.Sprintf(tool, len(tools)))
		}
		for _, key := range []string{"prompts", "resources"} {
			message := []byte(`{"jsonrpc":"2.0","id":7,"result":{"` + key + `":[` + strings.Join(tools, ",") + `]}}` + "\n")
			b.Run(fmt.Sprintf("%s/%d", key, size), func(b *testing.B) {
				b.SetBytes(int64(len(message)))
				b.ReportAllocs()
				reader := session.NewReader(session.Contents{})
				d := session.Decoder{Reader: reader, Epoch: epoch}
				var m session.Raw
				s := framing.NewScanner(reader.Table, func(lent *framing.Message) { d.Decode(lent, &m) })
				for b.Loop() {
					for rest := message; len(rest) > 0; {
						n := min(len(rest), 64<<10)
						s.Write(rest[:n], epoch)
						rest = rest[n:]
					}
				}
			})
		}
	}
}
