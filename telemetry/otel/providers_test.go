package otel_test

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/spanpipe/spanpipe/telemetry/otel"
)

// slow is a processor whose flush takes until it is released, and that is cut off by a shutdown, as the SDK's is.
type slow struct {
	discard
	flushing, release chan struct{}
	down              chan struct{}
}

func (p *slow) ForceFlush(context.Context) error {
	close(p.flushing)
	<-p.release
	return nil
}

func (p *slow) Shutdown(context.Context) error {
	close(p.down)
	return nil
}

func newSlow() *slow {
	return &slow{flushing: make(chan struct{}), release: make(chan struct{}), down: make(chan struct{})}
}

// TestShutdownWaitsForFlush: a shutdown must not cut off a flush that is under way.
func TestShutdownWaitsForFlush(t *testing.T) {
	p := newSlow()
	s := otel.New(otel.Config{Spans: []sdktrace.SpanProcessor{p}})
	flushed, down := make(chan struct{}), make(chan bool)
	go func() { s.Flush(context.Background()); close(flushed) }()
	<-p.flushing
	go func() { down <- s.Shutdown(context.Background()) }()
	select {
	case <-p.down:
		t.Error("shut down in the middle of a flush")
	case <-time.After(20 * time.Millisecond):
	}
	close(p.release)
	<-flushed
	if !<-down {
		t.Error("the shutdown was not in time")
	}
}

// TestShutdownInTime: a shutdown returns when its time is up, whatever still hangs, and reports that.
func TestShutdownInTime(t *testing.T) {
	p := newSlow()
	s := otel.New(otel.Config{Spans: []sdktrace.SpanProcessor{p}})
	go s.Flush(context.Background()) // until it is released
	<-p.flushing
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if s.Shutdown(ctx) {
		t.Error("reported as in time")
	}
	close(p.release)
	if !s.Shutdown(context.Background()) {
		t.Error("the second one has all the time it needs")
	}
}

func TestResource(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	attribute := func(r *resource.Resource, key string) string {
		got, _ := values(r.Attributes())[key].(string)
		return got
	}
	r := otel.NewResource("server-x", "1.2.3", logger)
	for key, want := range map[string]string{
		"service.name": "server-x", "telemetry.distro.name": "spanpipe", "telemetry.distro.version": "1.2.3", "telemetry.sdk.language": "go",
	} {
		if got := attribute(r, key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	id := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	first, second := attribute(r, "service.instance.id"), attribute(otel.NewResource("server-x", "1.2.3", logger), "service.instance.id")
	if !id.MatchString(first) || first == second {
		t.Errorf("service.instance.id: %q, then %q", first, second)
	}
	for _, a := range r.Attributes() {
		if key := string(a.Key); !strings.HasPrefix(key, "service.") && !strings.HasPrefix(key, "telemetry.") {
			t.Errorf("there is a %s", key)
		}
	}
	t.Setenv("OTEL_SERVICE_NAME", "mine")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=a,secret")
	r = otel.NewResource("server-x", "1.2.3", logger)
	if attribute(r, "service.name") != "mine" || attribute(r, "team") != "a" {
		t.Errorf("the environment does not win: %v", r)
	}
	if text := log.String(); strings.Count(text, "OTEL_RESOURCE_ATTRIBUTES") != 1 || strings.Contains(text, "secret") {
		t.Errorf("log: %s", text)
	}
}
