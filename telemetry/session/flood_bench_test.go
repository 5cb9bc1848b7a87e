package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// BenchmarkFlood scans calls and results as the relay passes them on, in chunks of 64 KiB, with the time that it takes.
func BenchmarkFlood(b *testing.B) {
	reader := session.NewReader(session.Contents{})
	for _, size := range []int{120, 64 << 10, 1 << 20, 64 << 20} {
		for _, way := range []string{"request", "response"} {
			line := `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"size","arguments":{"text":"`
			end := `"}}}` + "\n"
			if way == "response" {
				line, end = `{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"`, `"}]}}`+"\n"
			}
			message := []byte(line + strings.Repeat("QUJD", max(0, size-len(line)-len(end))/4) + end)
			b.Run(fmt.Sprintf("%s/%d", way, size), func(b *testing.B) {
				b.SetBytes(int64(len(message)))
				now := time.Now()
				start := now
				s := framing.NewScanner(reader.Table, func(*framing.Message) {})
				for b.Loop() {
					now = start.Add(b.Elapsed())
					for rest := message; len(rest) > 0; {
						n := min(len(rest), 64<<10)
						s.Write(rest[:n], now)
						rest = rest[n:]
					}
				}
			})
		}
	}
}
