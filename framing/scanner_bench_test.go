package framing_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/spanpipe/spanpipe/framing"
)

// The messages that are measured, each with its newline.
type bench struct {
	name string
	line []byte
}

var benchmarks = []bench{
	{"call300B", benchCall()},
	{"call300B_idLast", benchCallIDLast()},
	{"call300B_spaced", []byte(strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(string(benchCall())))},
	{"tools100KB", benchTools(200)},
	{"base64_1MB", benchResult(strings.Repeat("iVBORw0KGgoAAAANSUhEUgAAAAUA", 1<<20/28))},
	{"jsontext1MB", benchResult(strings.Repeat(`{\"id\":17,\"name\":\"a \\\"b\\\"\",\"ok\":true},\n`, 1<<20/46))},
	{"prose1MB", benchResult(strings.Repeat(`A paragraph, with a \"quote\" in it and a line's end.\n`, 1<<20/54))},
	{"dense2MB", benchDense(2 << 20)},
	{"blob1MB", benchBlob(1 << 20)},
}

func benchCall() []byte {
	return []byte(`{"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"name":"search_repositories",` +
		`"arguments":{"query":"language:go stars:>1000 topic:observability","page":1,"per_page":30,"sort":"stars"},` +
		`"_meta":{"progressToken":4711,"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}}` + "\n")
}

// benchCallIDLast is the same call in the order of the TypeScript SDK.
func benchCallIDLast() []byte {
	const head = `{"jsonrpc":"2.0","id":4711,`
	return []byte("{" + strings.TrimSuffix(string(benchCall())[len(head):], "}\n") + `,"jsonrpc":"2.0","id":4711}` + "\n")
}

func benchTools(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"jsonrpc":"2.0","id":3,"result":{"tools":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tool_%d","title":"Tool %d","description":"%s","inputSchema":{"type":"object","properties":{`+
			`"path":{"type":"string","description":"where to look"},"limit":{"type":"integer","minimum":1,"maximum":100}},`+
			`"required":["path"],"additionalProperties":false},"annotations":{"readOnlyHint":true}}`, i, i,
			strings.Repeat("Finds what there is to find. ", 6))
	}
	b.WriteString("]}}\n")
	return b.Bytes()
}

func benchResult(text string) []byte {
	return []byte(`{"jsonrpc":"2.0","id":"req-12","result":{"content":[{"type":"text","text":"` + text + `"}],"isError":false}}` + "\n")
}

// benchBlob is a result that is skipped as a whole, with a long string in it.
func benchBlob(size int) []byte {
	return []byte(`{"jsonrpc":"2.0","id":12,"result":{"contents":[{"uri":"file:///a","mimeType":"image/png","blob":"` +
		strings.Repeat("iVBORw0KGgoAAAANSUhEUgAAAAUA", size/28) + `"}]}}` + "\n")
}

func benchDense(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"jsonrpc":"2.0","id":12,"result":{"structuredContent":{"rows":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"x":%d.%d,"tags":["a","bc"],"ok":%v,"name":"row %d","pos":{"lat":1.5,"lon":-2}}`, i, i*7, i%10, i%3 == 0, i)
	}
	b.WriteString(`]},"content":[],"isError":false}}` + "\n")
	return b.Bytes()
}

// chunk is what a relay reads at a time.
const chunk = 64 << 10

func BenchmarkScanner(b *testing.B) {
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			now, messages := time.Now(), 0
			s := framing.NewScanner(telemetryTable, func(m *framing.Message) {
				if m.Kind == framing.Request || m.Kind == framing.Response {
					messages++
				}
			})
			b.SetBytes(int64(len(bm.line)))
			b.ReportAllocs()
			for b.Loop() {
				for line := bm.line; len(line) > 0; {
					n := min(len(line), chunk)
					s.Write(line[:n], now)
					line = line[n:]
				}
			}
			if messages != b.N {
				b.Fatalf("%d messages, want %d", messages, b.N)
			}
		})
	}
}

// gjsonPaths are the fewest fields that one could make a span from.
var gjsonPaths = []string{"id", "method", "params.name", "params._meta.traceparent", "result.isError", "result.tools.#.name", "error.code"}

// BenchmarkGjson finds the line's end and looks the fields up, without a check of the grammar (as for a line one
// trusts) and with it. It has the whole message in memory, which the scanner need not.
func BenchmarkGjson(b *testing.B) {
	for _, valid := range []bool{false, true} {
		for _, bm := range benchmarks {
			b.Run(fmt.Sprintf("valid=%v/%s", valid, bm.name), func(b *testing.B) {
				b.SetBytes(int64(len(bm.line)))
				b.ReportAllocs()
				for b.Loop() {
					line := bm.line[:bytes.IndexByte(bm.line, '\n')]
					if valid && !gjson.ValidBytes(line) {
						b.Fatal("not valid")
					}
					for _, path := range gjsonPaths {
						gjson.GetBytes(line, path)
					}
				}
			})
		}
	}
}

func BenchmarkEncodingJSON(b *testing.B) {
	type message struct {
		ID     json.RawMessage
		Method string
		Params struct{ Name string }
		Result struct{ IsError bool }
	}
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.line)))
			b.ReportAllocs()
			for b.Loop() {
				var m message
				if err := json.Unmarshal(bm.line, &m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIndexByte is the floor: one look at each byte, in search of the newline.
func BenchmarkIndexByte(b *testing.B) {
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.line)))
			for b.Loop() {
				if bytes.IndexByte(bm.line, '\n') < 0 {
					b.Fatal("no newline")
				}
			}
		})
	}
}
