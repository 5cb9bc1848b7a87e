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
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/rules"
)

// BenchmarkCall measures the whole path of one call, request and response: tap, queue, tracker, spans, metrics and log
// records. "made" ends before the exporters; "rules" is the same with metric rules for each call; "stored" is kept in files. "sent" exports over OTLP/HTTP to a
// receiver in this process that discards everything, so it costs a little more than the product alone. "both" does both.
func BenchmarkCall(b *testing.B) {
	b.Run("made", func(b *testing.B) {
		calls(b, consent.Request{Telemetry: "prometheus"}, func(cfg *telemetry.Config) {
			cfg.AdminAddr = "127.0.0.1:0"
		})
	})
	b.Run("rules", func(b *testing.B) {
		set, problems := rules.Parse([]byte(benchmarkRules))
		if len(problems) > 0 {
			b.Fatal(problems)
		}
		calls(b, consent.Request{Telemetry: "prometheus"}, func(cfg *telemetry.Config) { cfg.AdminAddr, cfg.Rules = "127.0.0.1:0", set })
	})
	stored := func(cfg *telemetry.Config) {
		dir := b.TempDir()
		cfg.OpenStore = func(s telemetry.StoreSession) (telemetry.Store, error) {
			return store.Create(store.Config{Dir: dir, Meta: store.Meta{ID: s.ID, Launched: s.Launched}, Origin: &s.Origin}), nil
		}
	}
	b.Run("stored", func(b *testing.B) { calls(b, consent.Request{Telemetry: "local"}, stored) })
	for name, off := range map[string][]string{
		"both": nil, "sent": nil, "traces": {"LOGS", "METRICS"}, "logs": {"TRACES", "METRICS"}, "metrics": {"TRACES", "LOGS"},
	} {
		b.Run(name, func(b *testing.B) {
			receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
			}))
			defer receiver.Close()
			b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.URL)
			b.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
			for _, signal := range off {
				b.Setenv("OTEL_"+signal+"_EXPORTER", "none")
			}
			if name == "both" {
				calls(b, consent.Request{Telemetry: "otlp,local"}, stored)
			} else {
				calls(b, consent.Request{Telemetry: "otlp"}, nil)
			}
		})
	}
}

// benchmarkRules look at arguments and at the text of the result.
const benchmarkRules = `
rules:
- {name: x, type: histogram, match: {tool: search}, value: {from: text, regex: 'A+(\d+)'}}
- {name: y, type: counter, match: {tool: search}, labels: [{name: l, from: arguments, path: $.text, values: [a, b]}]}
`

// calls makes b.N calls. The consumer and the exporters run concurrently with the taps, so the time of a call is that
// of the slowest. The CPU time, which only the operating system knows, is what they cost together.
func calls(b *testing.B, consented consent.Request, change func(*telemetry.Config)) {
	policy, warnings := consent.Decide(consented)
	if len(warnings) > 0 {
		b.Fatal(warnings)
	}
	cfg := telemetry.Config{Policy: policy, Command: []string{"server"}, Version: "1", Lookup: os.LookupEnv}
	if change != nil {
		change(&cfg)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0)) // which Run may change
	tel := telemetry.New(cfg).Run(os.Getpid(), time.Now())
	text := strings.Repeat("A", 100)
	request := []byte(`{"jsonrpc":"2.0","id":00000000,"method":"tools/call",` +
		`"params":{"name":"search","arguments":{"text":"` + text + "\"}}}\n")
	response := []byte(`{"jsonrpc":"2.0","id":00000000,"result":{"content":[{"type":"text","text":"` + text + "\"}]}}\n")
	b.ReportAllocs()
	before := processorTime()
	b.ResetTimer()
	for i := range b.N {
		number := fmt.Appendf(nil, "%08d", i+10000000)
		copy(request[len(`{"jsonrpc":"2.0","id":`):], number)
		copy(response[len(`{"jsonrpc":"2.0","id":`):], number)
		// The arguments differ in each call. Equal ones would be a loop, which has a benchmark of its own.
		binary.LittleEndian.PutUint32(request[len(request)-20:], 0x41414141+uint32(i)&0x0f0f0f0f)
		forward(tel.Tap(record.ToServer), request)
		forward(tel.Tap(record.ToClient), response)
		if i%50 == 49 {
			time.Sleep(10 * time.Millisecond) // keep to a rate that the exporters can carry, because drops cost nothing
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

// forward passes bytes to a tap as the relay does.
func forward(tap *telemetry.Tap, b []byte) {
	tap.Arriving()
	tap.Forwarded(b, time.Now())
}
