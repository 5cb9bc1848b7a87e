//go:build unix

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// Traffic is what the sessions of a fleet have sent, summed over all of them.
type Traffic struct {
	Variant  string  `json:"variant"`
	Sessions int     `json:"sessions"`
	Seconds  float64 `json:"seconds"` // that each lasted
	Calls    int     `json:"calls"`   // that each made
	tally
}

// variants are the settings that decide how much a fleet sends.
var variants = []struct {
	name     string
	protocol otlptest.Protocol
	env      []string
}{
	{"gRPC", otlptest.GRPC, nil},
	{"gRPC, gzip", otlptest.GRPC, gzip()},
	{"HTTP, gzip", otlptest.HTTP, gzip()},
	{"gRPC, gzip, delta", otlptest.GRPC, gzip("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta")},
	{"gRPC, gzip, 1 session in 10", otlptest.GRPC, gzip("OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.1")},
	{"gRPC, gzip, metrics each minute", otlptest.GRPC, gzip("OTEL_METRIC_EXPORT_INTERVAL=60000")},
}

func gzip(more ...string) []string {
	return append([]string{"OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}, more...)
}

const (
	fleetLasting = 25 * time.Second // two exports of metrics, and the last one
	fleetCalls   = 12               // of each session, at random times, so that hardly two share a batch
)

// fleet runs many sessions at once under each variant. Bytes per span do not depend on their number, so a few are enough.
func (b *bench) fleet(ctx context.Context, sessions int) error {
	lasting := fleetLasting
	if b.short {
		lasting /= 10
	}
	for _, variant := range variants {
		b.say("fleet: %s", variant.name)
		address := b.collector.GRPC
		if variant.protocol == otlptest.HTTP {
			address = b.collector.HTTP
		}
		s := b.exporting(address)[0]
		s.env = slices.Concat(endpoint(address, string(variant.protocol)), variant.env)
		before, err := b.collector.tally()
		if err != nil {
			return err
		}
		var all sync.WaitGroup
		failed := make([]error, sessions)
		for i := range sessions {
			all.Go(func() { failed[i] = fleetSession(ctx, s, lasting) }) // ends with its session
		}
		all.Wait()
		if err := errors.Join(failed...); err != nil {
			return err
		}
		now, err := b.collector.tally()
		if err != nil {
			return err
		}
		b.result.Fleet = append(b.result.Fleet, Traffic{variant.name, sessions, lasting.Seconds(), fleetCalls, now.since(before)})
	}
	return nil
}

// fleetSession makes calls at random times.
func fleetSession(ctx context.Context, s subject, lasting time.Duration) error {
	l, err := start(ctx, s)
	if err != nil {
		return err
	}
	left := lasting
	for range fleetCalls {
		pause := min(rand.N(2*lasting/fleetCalls), left)
		left -= pause
		time.Sleep(pause)
		if err := l.count(1); err != nil {
			return err
		}
	}
	time.Sleep(left)
	_, err = l.end()
	return err
}
