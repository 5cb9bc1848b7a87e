package telemetry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestBoundedSeries: a peer sends a new word in each message. Metrics have one series for each of the first words and
// one for the rest, and their counts are complete. Spans have all words.
func TestBoundedSeries(t *testing.T) {
	const calls = 500
	for _, c := range []struct {
		key, request, response string
		most                   int // words with series of their own
	}{
		{semconv.ToolName, `"method":"tools/call","params":{"name":"tool-%d"}`, `"result":{}`, 200},
		{semconv.PromptName, `"method":"prompts/get","params":{"name":"prompt-%d"}`, `"result":{}`, 200},
		{semconv.MethodName, `"method":"vendor/method-%d"`, `"result":{}`, 0},
		{semconv.ProtocolVersion,
			`"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2%03d-01-01"}}`,
			`"result":{"tools":[]}`, 5},
		{semconv.StatusCode, `"method":"ping","params":{"n":%d}`, `"error":{"code":%d,"message":"no"}`, 30},
		{semconv.ErrorType, `"method":"ping","params":{"n":%d}`, `"error":{"code":%d,"message":"no"}`, 30},
	} {
		t.Run(c.key, func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			s := open(t, r, otlptest.GRPC, nil)
			var script strings.Builder
			for n := range calls {
				request, response := fmt.Sprintf(c.request, n), c.response
				if strings.Contains(response, "%d") {
					response = fmt.Sprintf(response, n)
				}
				fmt.Fprintf(&script, "%dms > {\"jsonrpc\":\"2.0\",\"id\":%d,%s}\n", 2*n, n, request)
				fmt.Fprintf(&script, "%dms < {\"jsonrpc\":\"2.0\",\"id\":%d,%s}\n", 2*n+1, n, response)
			}
			s.say(script.String())
			s.end(left)
			all := r.Histogram(semconv.ServerOperationDuration.Name, nil)
			others := r.Histogram(semconv.ServerOperationDuration.Name, otlptest.Attrs{c.key: semconv.Other})
			words, series := map[string]bool{}, r.Series(semconv.ServerOperationDuration.Name, nil)
			for _, p := range series {
				words[p.Attrs.String(c.key)] = true
			}
			if all.Count != calls || int(others.Count) != calls-c.most {
				t.Errorf("count = %d, of %s = %d; want %d, %d",
					all.Count, semconv.Other, others.Count, calls, calls-c.most)
			}
			if want := c.most + 1; len(words) != want || len(series) != want {
				t.Errorf("%d words in %d series, want %d", len(words), len(series), want)
			}
			words = map[string]bool{}
			for _, span := range r.Spans() {
				if word := span.Attrs.String(c.key); word != "" {
					words[word] = true
				}
			}
			if len(words) < calls {
				t.Errorf("spans have %d words, want %d", len(words), calls)
			}
		})
	}
}
