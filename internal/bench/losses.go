//go:build unix

package main

import (
	"context"
	"time"
)

// Loss compares the calls of one session at one rate with the spans that arrived.
type Loss struct {
	Subject  string  `json:"subject"`
	Rate     float64 `json:"rate"`     // calls made per second
	Calls    int     `json:"calls"`    // calls made, including the handshake
	Arrived  int64   `json:"arrived"`  // spans of calls at the collector
	Messages int64   `json:"messages"` // counted as dropped before they became spans
	Spans    int64   `json:"spans"`    // counted as dropped on the way to the collector
}

// losses measures at higher and higher rates.
func (b *bench) losses(ctx context.Context) error {
	b.say("losses")
	rates, lasting := []float64{1000, 2000, 5000, 10000, 20000, 40000, 80000, 0}, 3*time.Second
	if b.short {
		rates, lasting = []float64{1000, 0}, 300*time.Millisecond
	}
	for _, rate := range rates {
		for _, s := range b.exporting(b.collector.GRPC) {
			loss, err := b.loss(ctx, s, rate, lasting)
			if err != nil {
				return err
			}
			b.result.Losses = append(b.result.Losses, loss)
		}
	}
	return nil
}

func (b *bench) loss(ctx context.Context, s subject, rate float64, lasting time.Duration) (loss Loss, err error) {
	before, err := b.collector.tally()
	if err != nil {
		return loss, err
	}
	l, err := start(ctx, s)
	if err != nil {
		return loss, err
	}
	started := time.Now()
	calls, err := l.pipeline(lasting, rate)
	if err != nil {
		return loss, err
	}
	took := time.Since(started)
	if _, err := l.end(); err != nil {
		return loss, err
	}
	now, err := b.collector.tally()
	got := now.since(before)
	const handshake = 3 // initialize, notifications/initialized, the server's process id
	return Loss{
		Subject: s.name, Rate: round(float64(calls) / took.Seconds()), Calls: calls + handshake, Arrived: got.Calls,
		Messages: got.Dropped["message"], Spans: got.Dropped["span"],
	}, err
}
