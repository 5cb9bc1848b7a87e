package telemetry_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// BenchmarkCall is the whole path of one call, request and answer, from the bytes to what leaves: tap, queue, tracker, spans,
// metrics and log records. "made" ends where the exporters begin; "sent" goes on through OTLP/HTTP to a receiver that only
// reads, in this process, so it costs a little more than the product alone.
func BenchmarkCall(b *testing.B) {
	b.Run("made", func(b *testing.B) {
		calls(b, consent.Request{Telemetry: "prometheus"}, func(cfg *telemetry.Config) {
			cfg.AdminAddr = "127.0.0.1:0"
		})
	})
	for name, off := range map[string][]string{"sent": nil, "traces": {"LOGS", "METRICS"}, "logs": {"TRACES", "METRICS"}, "metrics": {"TRACES", "LOGS"}} {
		b.Run(name, func(b *testing.B) {
			receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
			defer receiver.Close()
			b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
			b.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
			for _, signal := range off {
				b.Setenv("OTEL_"+signal+"_EXPORTER", "none")
			}
			calls(b, consent.Request{Telemetry: "otlp"}, nil)
		})
	}
}

// calls makes b.N calls. The consumer and the exporters work beside the taps, so a call takes as long as the slowest of them;
// what they cost together is the CPU time, which only the operating system can tell.
func calls(b *testing.B, said consent.Request, change func(*telemetry.Config)) {
	policy, warnings := consent.Decide(said)
	if len(warnings) > 0 {
		b.Fatal(warnings)
	}
	cfg := telemetry.Config{Policy: policy, Command: []string{"server"}, Version: "1", Lookup: os.LookupEnv}
	if change != nil {
		change(&cfg)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0)) // which Run may change
	tel := telemetry.New(cfg).Run(os.Getpid(), time.Now())
	request := []byte(`{"jsonrpc":"2.0","id":00000000,"method":"tools/call","params":{"name":"search","arguments":{"text":"` + strings.Repeat("A", 100) + "\"}}}\n")
	answer := []byte(`{"jsonrpc":"2.0","id":00000000,"result":{"content":[{"type":"text","text":"` + strings.Repeat("A", 100) + "\"}]}}\n")
	b.ReportAllocs()
	before := processorTime()
	b.ResetTimer()
	for i := range b.N {
		number := fmt.Appendf(nil, "%08d", i+10000000)
		copy(request[len(`{"jsonrpc":"2.0","id":`):], number)
		copy(answer[len(`{"jsonrpc":"2.0","id":`):], number)
		// Words of a text, so that each call asks for something else; loops have a benchmark of their own.
		binary.LittleEndian.PutUint32(request[len(request)-20:], 0x41414141+uint32(i)&0x0f0f0f0f)
		forward(tel.Tap(session.ToServer), request)
		forward(tel.Tap(session.ToClient), answer)
		if i%50 == 49 {
			time.Sleep(10 * time.Millisecond) // a rate that the exporters carry: what is dropped costs nothing
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tel.Close(ctx, left)
	b.StopTimer()
	if before > 0 {
		b.ReportMetric(float64(processorTime()-before)/float64(b.N), "cpu-ns/op")
	}
}

// forward shows the tap what a pump has passed on.
func forward(tap *telemetry.Tap, b []byte) {
	tap.Arriving()
	tap.Forwarded(b, time.Now())
}
