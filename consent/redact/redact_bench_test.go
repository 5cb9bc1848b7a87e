package redact_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/consent/redact"
)

// arguments returns JSON of about n bytes as tools take it: prose, code, numbers, nested objects, now and then a secret.
func arguments(tb testing.TB, n int, secrets bool) []byte {
	tb.Helper()
	item := map[string]any{
		"query": "find the three most recent pull requests that touch the parser and summarise them", "limit": 25, "page": 3,
		"path": "src/internal/parser/scan.go", "id": "f47ac10b-58cc-4372-a567-0e02b2c3d479", "since": "2025-06-18T10:20:30Z",
		"body": "func scan(b []byte) (int, error) {\n\tfor i, c := range b {\n\t\tif c == '\"' {\n\t\t\treturn i, nil\n\t\t}\n\t}\n\treturn 0, io.EOF\n}",
		"sort": map[string]any{"by": "updated_at", "ascending": false}, "ratio": 0.7251, "labels": []string{"bug", "good first issue"},
	}
	if secrets {
		item["assignee"], item["api_key"], item["note"] = "alice@example.com", "abcdef0123456789", "call +49 30 901820"
	}
	var all []any
	for size := 0; size < n; {
		all = append(all, item)
		b, err := json.Marshal(item)
		if err != nil {
			tb.Fatal(err)
		}
		size += len(b)
	}
	b, err := json.Marshal(map[string]any{"items": all})
	if err != nil {
		tb.Fatal(err)
	}
	return b[:min(n, len(b))]
}

func BenchmarkJSON(b *testing.B) {
	for name, secrets := range map[string]bool{"clean": false, "secrets": true} {
		in := arguments(b, 4096, secrets)
		b.Run(name, func(b *testing.B) {
			r := newRedactor(b)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				r.JSON(in, true, 4096)
			}
		})
	}
}

func BenchmarkText(b *testing.B) {
	in := []byte(strings.Repeat("error: could not open src/internal/parser/scan.go:120:33 after 3 tries in 250ms (code 17)\n", 46)[:4096])
	b.SetBytes(int64(len(in)))
	r := newRedactor(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Text(in, false, 4096)
	}
}

// Text in which the keywords of very many rules stand: what the rules cost at most.
func BenchmarkTextEveryRule(b *testing.B) {
	var s strings.Builder
	for _, it := range corpus(b) {
		if it.kind == "credential" && s.Len() < 4096 && len(it.text) < 80 {
			s.WriteString(it.text + "\n")
		}
	}
	in := []byte(s.String())
	r := newRedactor(b)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		r.Text(in, false, 4096)
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := redact.New(redact.Config{}); err != nil {
			b.Fatal(err)
		}
	}
}
