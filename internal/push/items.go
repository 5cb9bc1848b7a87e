package push

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// item is a span, a log record or a metric.
type item struct {
	origin  protoreflect.Message // its resource and scope, in messages without other items; shared by those of a line
	message proto.Message
	after   position // in its file
}

// The messages of the three signals have the same shape and the same numbers of fields: a request holds messages of
// resources, each the resource, messages of scopes and a URL; a message of a scope holds the scope, the items and a URL
// (https://github.com/open-telemetry/opentelemetry-proto).
const (
	resourcesField = 1 // of a request
	scopesField    = 2 // of a resource's message
	itemsField     = 2 // of a scope's message
)

func list(m protoreflect.Message, field protoreflect.FieldNumber) protoreflect.List {
	return m.Mutable(m.Descriptor().Fields().ByNumber(field)).List()
}

// split returns the items of a request. They share its memory.
func split(request proto.Message) []item {
	var all []item
	resources := list(request.ProtoReflect(), resourcesField)
	for i := range resources.Len() {
		resource := resources.Get(i).Message()
		scopes := list(resource, scopesField)
		for j := range scopes.Len() {
			scope := scopes.Get(j).Message()
			origin, inner := without(resource, scopesField), without(scope, itemsField)
			list(origin, scopesField).Append(protoreflect.ValueOfMessage(inner))
			items := list(scope, itemsField)
			for k := range items.Len() {
				all = append(all, item{origin: origin, message: items.Get(k).Message().Interface()})
			}
		}
	}
	return all
}

// without returns a message that has the fields of another one but for one.
func without(m protoreflect.Message, field protoreflect.FieldNumber) protoreflect.Message {
	out := m.New()
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Number() != field {
			out.Set(fd, v)
		}
		return true
	})
	return out
}

// join adds items to an empty request. Those with the same origin share it.
func join(request proto.Message, items []item) {
	resources := list(request.ProtoReflect(), resourcesField)
	var last protoreflect.Message
	var to protoreflect.List
	for i := range items {
		origin := items[i].origin
		if last == nil || last != origin && !proto.Equal(last.Interface(), origin.Interface()) {
			resource := proto.Clone(origin.Interface()).ProtoReflect()
			resources.Append(protoreflect.ValueOfMessage(resource))
			to = list(list(resource, scopesField).Get(0).Message(), itemsField)
		}
		last = origin
		to.Append(protoreflect.ValueOfMessage(items[i].message.ProtoReflect()))
	}
}

// weight returns what counts of items for their collector: of metrics, points.
func weight(items []item) int64 {
	var n int64
	for i := range items {
		m, ok := items[i].message.(*metricspb.Metric)
		if !ok {
			n++
			continue
		}
		n += int64(len(m.GetGauge().GetDataPoints()) + len(m.GetSum().GetDataPoints()) +
			len(m.GetHistogram().GetDataPoints()) + len(m.GetExponentialHistogram().GetDataPoints()) +
			len(m.GetSummary().GetDataPoints()))
	}
	return n
}

// size returns about how many bytes an item takes in a request.
func (i *item) size() int { return proto.Size(i.message) + itemOverhead }

// itemOverhead is what a tag and a length take.
const itemOverhead = 5

// spanID returns the id of the span that an item is, or is about.
func (i *item) spanID() string {
	switch m := i.message.(type) {
	case *tracepb.Span:
		return string(m.GetSpanId())
	case *logspb.LogRecord:
		return string(m.GetSpanId())
	}
	return ""
}
