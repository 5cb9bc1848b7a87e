package otlp_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// client keeps what an exporter sends, as a collector reads it.
type client struct {
	t    *testing.T
	sent []*tracepb.ResourceSpans
}

func (c *client) Start(context.Context) error { return nil }
func (c *client) Stop(context.Context) error  { return nil }

func (c *client) UploadTraces(_ context.Context, all []*tracepb.ResourceSpans) error {
	for _, one := range all {
		b, err := proto.Marshal(one)
		read := &tracepb.ResourceSpans{}
		if err != nil || proto.Unmarshal(b, read) != nil {
			c.t.Fatalf("what was sent cannot be read: %v", err)
		}
		c.sent = append(c.sent, read)
	}
	return nil
}

// TestEncoding compares what is sent of spans with what the SDK's exporter makes of them.
func TestEncoding(t *testing.T) {
	for name, spans := range encodedSpans {
		t.Run(name, func(t *testing.T) {
			sdk, own := &client{t: t}, &client{t: t}
			reference, err := otlptrace.New(t.Context(), sdk)
			if err != nil {
				t.Fatal(err)
			}
			exporter, err := otlp.NewSpanSender(own)
			if err != nil {
				t.Fatal(err)
			}
			provider := sdktrace.NewTracerProvider(
				sdktrace.WithSyncer(reference), sdktrace.WithSyncer(exporter),
				sdktrace.WithResource(resource.NewWithAttributes("https://resource", attribute.String("service.name", "x"), attribute.Int("n", 1))),
				sdktrace.WithRawSpanLimits(sdktrace.SpanLimits{
					AttributeCountLimit: 150, EventCountLimit: 2, LinkCountLimit: 2, AttributePerEventCountLimit: 1,
					AttributePerLinkCountLimit: 1, AttributeValueLengthLimit: -1,
				}))
			spans(provider.Tracer("scope", trace.WithInstrumentationVersion("1"), trace.WithSchemaURL("https://schema"),
				trace.WithInstrumentationAttributes(attribute.String("kind", "test"))))
			for i, want := range sdk.sent {
				if !proto.Equal(own.sent[i], want) {
					t.Errorf("got:\n%s\nwant:\n%s", prototext.Format(own.sent[i]), prototext.Format(want))
				}
			}
			if len(sdk.sent) == 0 || len(own.sent) != len(sdk.sent) {
				t.Errorf("%d exports, want %d and more than 0", len(own.sent), len(sdk.sent))
			}
		})
	}
}

// encodedSpans have every field of a span, in every form that spanpipe uses.
var encodedSpans = map[string]func(trace.Tracer){
	"empty": func(tracer trace.Tracer) {
		_, span := tracer.Start(context.Background(), "")
		span.End()
	},
	"attributes": func(tracer trace.Tracer) {
		_, span := tracer.Start(context.Background(), "span", trace.WithSpanKind(trace.SpanKindServer))
		span.SetAttributes(attribute.Bool("true", true), attribute.Bool("false", false), attribute.Int("zero", 0),
			attribute.Int64("large", 1<<62), attribute.Int64("negative", -1), attribute.Float64("float", 0.25),
			attribute.Float64("no float", 0), attribute.String("text", "text"), attribute.String("no text", ""),
			attribute.String("", "no key"),
			attribute.StringSlice("list", []string{"a", "", "b"}), attribute.StringSlice("no list", nil), attribute.String("long", strings.Repeat("0123456789", 20_000)))
		for range 200 { // some are dropped
			span.SetAttributes(attribute.Int(strings.Repeat("x", 100+len(span.SpanContext().TraceState().String())), 1))
		}
		span.SetStatus(codes.Error, "it failed")
		span.End()
	},
	"family": func(tracer trace.Tracer) {
		state, _ := trace.ParseTraceState("vendor=value")
		remote := trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1, 2}, SpanID: trace.SpanID{3}, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true,
		})
		ctx, parent := tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), remote), "parent",
			trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(time.Unix(-1, 0)))
		_, child := tracer.Start(ctx, "child", trace.WithSpanKind(trace.SpanKindProducer), trace.WithLinks(
			trace.Link{}, trace.LinkFromContext(ctx, attribute.Int("a", 1), attribute.Int("b", 2)), trace.Link{SpanContext: remote},
			trace.LinkFromContext(ctx)))
		for _, name := range []string{"first", "second", "third"} {
			child.AddEvent(name, trace.WithAttributes(attribute.Int("a", 1), attribute.Int("b", 2)))
		}
		child.SetStatus(codes.Ok, "")
		child.End()
		parent.End(trace.WithTimestamp(time.Unix(1, 2)))
	},
}

// TestEncodingInvalidText has a text that is not UTF-8, which no collector accepts: it would cost the whole batch.
func TestEncodingInvalidText(t *testing.T) {
	var out syncBuffer
	s := open(t, func(cfg *otlp.Config) { cfg.Preview, cfg.Lookup = &out, os.LookupEnv })
	_, span := s.traces.Tracer("test").Start(t.Context(), "name \xff", trace.WithAttributes(attribute.String("k", "value \xff")))
	span.End()
	if log := s.end(); log != "" {
		t.Errorf("log:\n%s", log)
	}
	for _, want := range []string{"name \uFFFD", "value \uFFFD"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no %q in\n%s", want, out.String())
		}
	}
}
