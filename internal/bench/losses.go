//go:build unix

package main

import (
	"context"
	"time"
)

// Loss is what became of the calls of a session at a rate.
type Loss struct {
	Subject  string  `json:"subject"`
	Rate     float64 `json:"rate"`     // calls a second that were made
	Calls    int     `json:"calls"`    // that were made, with the handshake
	Arrived  int64   `json:"arrived"`  // as spans at the collector
	Messages int64   `json:"messages"` // counted as dropped before they became spans
	Spans    int64   `json:"spans"`    // counted as dropped on the way
}

// losses compares the calls that were made with the spans that arrived, at higher and higher rates.
func (b *bench) losses(ctx context.Context) error {
	b.say("losses")
	rates, lasting := []float64{1000, 2000, 5000, 10000, 20000, 40000, 80000, 0}, 3*time.Second
	if b.short {
		rates, lasting = []float64{1000, 0}, 300*time.Millisecond
	}
	for _, s := range b.all {
		if s.name != otlp {
			continue
		}
		for _, rate := range rates {
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
	if _, err := b.collector.take(); err != nil {
		return loss, err
	}
	l, err := start(ctx, s)
	if err != nil {
		return loss, err
	}
	begun := time.Now()
	calls, err := l.pipeline(lasting, rate)
	if err != nil {
		return loss, err
	}
	took := time.Since(begun)
	if _, err := l.end(); err != nil {
		return loss, err
	}
	got, err := b.collector.take()
	const handshake = 2 // initialize, and notifications/initialized
	return Loss{
		Subject: s.name, Rate: round(float64(calls) / took.Seconds()), Calls: calls + handshake, Arrived: got.Calls,
		Messages: got.Dropped["message"], Spans: got.Dropped["span"],
	}, err
}
