//go:build unix

package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Traffic is what the sessions of a fleet have sent, over all of them.
type Traffic struct {
	Variant  string           `json:"variant"`
	Sessions int              `json:"sessions"`
	Seconds  float64          `json:"seconds"` // that each lasted
	Calls    int64            `json:"calls"`
	Spans    int64            `json:"spans"`
	Requests map[string]int64 `json:"requests"` // by signal
	Raw      map[string]int64 `json:"raw"`      // bytes of the messages
	Wire     map[string]int64 `json:"wire"`     // the same, compressed where that was asked for; headers are not in it
	Lost     map[string]int64 `json:"lost"`     // what the sessions have told as lost
	Failed   map[string]int64 `json:"failed"`   // why, and in how many sessions
}

// variants are the settings that decide what a fleet costs.
var variants = []struct {
	name string
	env  map[string]string
}{
	{"gRPC", nil},
	{"gRPC, gzip", map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}},
	{"HTTP, gzip", map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}},
	{"gRPC, gzip, delta", map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"}},
	{"gRPC, gzip, 1 session in 10", map[string]string{
		"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1",
	}},
	{"gRPC, gzip, metrics each minute", map[string]string{"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_METRIC_EXPORT_INTERVAL": "60000"}},
}

const (
	fleetLasting = 25 * time.Second // two exports of metrics and the last one
	fleetCalls   = 12               // of each session, at random times
	fleetSpread  = 20 * time.Second // in which the sessions begin, and so end
)

// fleet plays many sessions in this process, without relays and servers: what is asked is what they send.
func (b *bench) fleet(sessions int) error {
	policy, _ := consent.Decide(consent.Request{Telemetry: "otlp"})
	for _, variant := range variants {
		b.say("fleet: %s", variant.name)
		env := map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT":     "http://" + b.collector.GRPC,
			"OTEL_BLRP_MAX_QUEUE_SIZE":        "64", // is allocated at once: a thousand times a megabyte
			"OTEL_BLRP_EXPORT_MAX_BATCH_SIZE": "64",
			"GOGC":                            "100", // this process is not a wrapper: its runtime is left alone
		}
		if variant.env["OTEL_EXPORTER_OTLP_PROTOCOL"] == "http/protobuf" {
			env["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://" + b.collector.HTTP
		}
		for name, value := range variant.env {
			env[name] = value
		}
		for name, value := range env {
			if err := os.Setenv(name, value); err != nil { // the SDK reads them there
				return err
			}
		}
		if _, err := b.collector.take(); err != nil {
			return err
		}
		var all sync.WaitGroup
		told := &told{lost: map[string]int64{}, failed: map[string]int64{}}
		for range sessions {
			all.Go(func() { play(policy, env, slog.New(told)) }) // ends with its session
		}
		all.Wait()
		for name := range variant.env {
			_ = os.Unsetenv(name)
		}
		got, err := b.collector.take()
		if err != nil {
			return err
		}
		b.result.Fleet = append(b.result.Fleet, Traffic{
			Variant: variant.name, Sessions: sessions, Seconds: fleetLasting.Seconds(), Calls: int64(sessions * fleetCalls),
			Spans: got.Spans, Requests: got.Requests, Raw: got.Raw, Wire: got.Wire,
			Lost: told.lost, Failed: told.failed,
		})
	}
	return nil
}

// told sums what the sessions say of losses.
type told struct {
	mu           sync.Mutex
	lost, failed map[string]int64
}

// Enabled implements slog.Handler.
func (*told) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

// Handle sums the numbers of a record, and counts its error.
func (t *told) Handle(_ context.Context, r slog.Record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Attrs(func(a slog.Attr) bool {
		switch {
		case a.Value.Kind() == slog.KindInt64 && !strings.Contains(a.Key, "."): // the attributes of operations have dots
			t.lost[a.Key] += a.Value.Int64()
		case a.Key == "error":
			t.failed[a.Value.String()]++
		}
		return true
	})
	return nil
}

// WithAttrs implements slog.Handler.
func (t *told) WithAttrs([]slog.Attr) slog.Handler { return t }

// WithGroup implements slog.Handler.
func (t *told) WithGroup(string) slog.Handler { return t }

// play plays one session: a handshake, calls of a few tools at random times, the end.
func play(policy consent.Policy, env map[string]string, logger *slog.Logger) {
	time.Sleep(rand.N(fleetSpread)) // nobody starts a thousand at once, or ends them
	tel := telemetry.New(telemetry.Config{
		Policy: policy, Logger: logger, Command: []string{"npx", "-y", "@scope/server-notes"}, Version: "1.0.0",
		Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	tel.Run(os.Getpid(), time.Now())
	say := func(dir session.Direction, format string, args ...any) {
		tel.Tap(dir).Arriving()
		tel.Tap(dir).Forwarded(fmt.Appendf(nil, format+"\n", args...), time.Now())
	}
	say(session.ToServer, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"desktop","version":"1.4.0"}}}`)
	say(session.ToClient, `{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"notes","version":"0.9.1"}}}`)
	say(session.ToServer, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	tools := []string{"search_notes", "read_note", "write_note", "list_tags"}
	left := fleetLasting
	for id := range fleetCalls {
		pause := min(rand.N(2*fleetLasting/fleetCalls), left)
		left -= pause
		time.Sleep(pause)
		tool := tools[rand.IntN(len(tools))]
		say(session.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%s","arguments":{"text":"%x"}}}`, id+1, tool, rand.Uint64())
		time.Sleep(rand.N(50 * time.Millisecond))
		say(session.ToClient, `{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"%x"}]}}`, id+1, rand.Uint64())
	}
	time.Sleep(left)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tel.Close(ctx, telemetry.Exit{Session: session.ClientLeft})
}
