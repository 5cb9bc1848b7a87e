package clients_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// BenchmarkWrap wraps the 15 servers of a file of 4 MB, as a client that keeps its history beside them has: all of them in one edit of
// their map, and each in an edit of its own, which is proven by parsing the whole file. Parse is a parse of that file alone.
func BenchmarkWrap(b *testing.B) {
	var servers, history []string
	for i := range 15 {
		servers = append(servers, fmt.Sprintf(`    "s%d": {"command": "npx", "args": ["-y", "server-%d"], "env": {"KEY": "value"}}`, i, i))
	}
	for i := range 30_000 {
		history = append(history, fmt.Sprintf(`    {"display": "what was asked as number %d, at some length", "pastedContents": {}, "tokens": [%d, 2, 3]}`, i, i))
	}
	path := filepath.Join(b.TempDir(), "client.json")
	text := "{\n  \"mcpServers\": {\n" + strings.Join(servers, ",\n") + "\n  },\n  \"history\": [\n" + strings.Join(history, ",\n") + "\n  ]\n}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	file := clients.Given(path, edit.JSON, "claude-desktop")[0]
	if file.Err != nil || len(file.Servers) != 15 {
		b.Fatal(file.Err, len(file.Servers))
	}
	wrap := func(b *testing.B, f *clients.File, servers []*clients.Server) *clients.File {
		change, err := f.Wrap(servers, wrapping)
		if err != nil {
			b.Fatal(err)
		}
		return f.Reread(change.After)
	}
	var once, each string
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if _, err := edit.Parse(edit.JSON, file.Raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("once", func(b *testing.B) {
		for b.Loop() {
			once = string(wrap(b, file, file.Servers).Raw)
		}
	})
	b.Run("each", func(b *testing.B) {
		for b.Loop() {
			f := file
			for i := range file.Servers {
				f = wrap(b, f, f.Servers[i:i+1])
			}
			each = string(f.Raw)
		}
	})
	if once != each && once != "" && each != "" {
		b.Error("the results differ")
	}
}
