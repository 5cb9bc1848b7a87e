package otlp_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// TestParseLine fills requests of all signals with random values in every field that there is, and compares them with
// what comes back from a line of OTLP JSON.
func TestParseLine(t *testing.T) {
	for _, signal := range []string{"traces", "metrics", "logs"} {
		for seed := range uint64(200) {
			want, err := otlp.NewRequest(signal)
			if err != nil {
				t.Fatal(err)
			}
			fill(rand.New(rand.NewPCG(seed, 1)), want.ProtoReflect(), 0)
			line := fileLine(t, signal, want)
			got, err := otlp.ParseLine(signal, line)
			if err != nil {
				t.Fatalf("%s, seed %d: %v\n%s", signal, seed, err, line)
			}
			if !proto.Equal(got, want) {
				t.Fatalf("%s, seed %d:\ngot  %v\nwant %v\n%s", signal, seed, got, want, line)
			}
		}
	}
	for _, line := range []string{"", "{", `{"resourceSpans":{}}`, `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":1}]}]}]}`} {
		if got, err := otlp.ParseLine("traces", []byte(line)); err == nil {
			t.Errorf("%s is read as %v", line, got)
		}
	}
	if _, err := otlp.ParseLine("profiles", nil); err == nil {
		t.Error("an unknown signal is read")
	}
}

// fileLine encodes a request as the preview does: through the exporters' own transport.
func fileLine(t *testing.T, signal string, request proto.Message) []byte {
	t.Helper()
	body, err := proto.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "https://preview.invalid/v1/"+signal,
		io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := otlp.NewPreview(&out).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return out.Bytes()
}

// fill sets the fields of a message at random.
func fill(r *rand.Rand, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if r.IntN(4) == 0 || depth > 9 && fd.Message() != nil || unused(m, fd) {
			continue
		}
		if !fd.IsList() {
			if v, ok := random(r, m, fd, depth); ok {
				m.Set(fd, v)
			}
			continue
		}
		for range r.IntN(3) {
			l := m.Mutable(fd).List()
			if fd.Message() != nil {
				fill(r, l.AppendMutable().Message(), depth+1)
			} else if v, ok := random(r, m, fd, depth); ok {
				l.Append(v)
			}
		}
	}
}

// unused reports whether a field is not for spans, log records or metrics, but for profiles.
func unused(m protoreflect.Message, fd protoreflect.FieldDescriptor) bool {
	_, isValue := m.Interface().(*commonpb.AnyValue)
	return isValue && strings.HasSuffix(string(fd.Name()), "_strindex")
}

func random(r *rand.Rand, m protoreflect.Message, fd protoreflect.FieldDescriptor, depth int) (protoreflect.Value, bool) {
	texts := []string{"a", "", "\"traceId\":\"00ff\"", "<\u202e\x00\n\\>", "日本", `{"spanId":"zz"}`}
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(texts[r.IntN(len(texts))]), true
	case protoreflect.BytesKind:
		size := map[protoreflect.Name]int{"trace_id": 16, "span_id": 8, "parent_span_id": 8}[fd.Name()]
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(r.UintN(256))
		}
		return protoreflect.ValueOfBytes(b), true
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(r.IntN(2) == 0), true
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(r.IntN(values.Len())).Number()), true
	case protoreflect.DoubleKind:
		all := []float64{0, 1.5, -1e300, math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64}
		return protoreflect.ValueOfFloat64(all[r.IntN(len(all))]), true
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(r.Uint32())), true
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(int64(r.Uint64())), true
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(r.Uint32()), true
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(r.Uint64()), true
	case protoreflect.MessageKind:
		v := m.NewField(fd)
		fill(r, v.Message(), depth+1)
		return v, true
	}
	return protoreflect.Value{}, false
}
