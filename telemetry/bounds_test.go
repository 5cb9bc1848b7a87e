package telemetry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestBoundedSeries has peers that make up a new word with each message. Metrics have the first few, and one series for the
// others; nothing is left out of the count, and spans have the words themselves.
func TestBoundedSeries(t *testing.T) {
	const calls = 500
	for _, c := range []struct {
		key, request, answer string
		most                 int
	}{
		{semconv.ToolName, `"method":"tools/call","params":{"name":"tool-%d"}`, `"result":{}`, 200},
		{semconv.PromptName, `"method":"prompts/get","params":{"name":"prompt-%d"}`, `"result":{}`, 200},
		{semconv.MethodName, `"method":"vendor/method-%d"`, `"result":{}`, 0},
		{semconv.ProtocolVersion, `"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2027-%d"}}`, `"result":{"tools":[]}`, 5},
		{semconv.StatusCode, `"method":"ping","params":{"n":%d}`, `"error":{"code":%d,"message":"no"}`, 30},
		{semconv.ErrorType, `"method":"ping","params":{"n":%d}`, `"error":{"code":%d,"message":"no"}`, 30},
	} {
		t.Run(c.key, func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			s := open(t, r, otlptest.GRPC, nil)
			var script strings.Builder
			for n := range calls {
				request, answer := fmt.Sprintf(c.request, n), c.answer
				if strings.Contains(answer, "%d") {
					answer = fmt.Sprintf(answer, n)
				}
				fmt.Fprintf(&script, "%dms > {\"jsonrpc\":\"2.0\",\"id\":%d,%s}\n", 2*n, n, request)
				fmt.Fprintf(&script, "%dms < {\"jsonrpc\":\"2.0\",\"id\":%d,%s}\n", 2*n+1, n, answer)
			}
			s.say(script.String())
			s.end(left)
			all := r.Histogram(semconv.ServerOperationDuration.Name, nil)
			others := r.Histogram(semconv.ServerOperationDuration.Name, otlptest.Attrs{c.key: semconv.Other})
			words, series := map[string]bool{}, r.Series(semconv.ServerOperationDuration.Name, nil)
			for _, p := range series {
				words[p.Attrs.String(c.key)] = true
			}
			if all.Count != calls || int(others.Count) != calls-c.most || len(words) != c.most+1 || len(series) != c.most+1 {
				t.Errorf("%d calls, %d of them under %s, with %d words in %d series; want %d, %d, and one more than %d",
					all.Count, others.Count, semconv.Other, len(words), len(series), calls, calls-c.most, c.most)
			}
			words = map[string]bool{}
			for _, span := range r.Spans() {
				if word := span.Attrs.String(c.key); word != "" {
					words[word] = true
				}
			}
			if len(words) < calls {
				t.Errorf("spans have %d words of %d", len(words), calls)
			}
		})
	}
}
