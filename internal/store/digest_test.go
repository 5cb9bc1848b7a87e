package store_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// digestOf stores operations and returns their session.
func digestOf(t testing.TB, ops []record.Operation) *store.Session {
	t.Helper()
	dir := t.TempDir()
	w := store.Create(store.Config{Dir: dir, Origin: origin(), Meta: store.Meta{Launched: time.Now()}})
	for i := range ops {
		w.Changed(&ops[i])
		if i%1000 == 999 {
			w.Flush(t.Context())
		}
	}
	w.Close(t.Context(), nil)
	all, err := store.Open(dir).Sessions()
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	return &all[0]
}

func readDigest(t *testing.T, s *store.Session) (ops []record.Operation) {
	t.Helper()
	err := s.Digest(func(op *record.Operation) bool {
		ops = append(ops, *op)
		ops[len(ops)-1].Definitions = slices.Clone(op.Definitions)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return ops
}

// someOperation returns an operation with all that a digest holds.
func someOperation(r *rand.Rand, number uint64, names func(i int) string) record.Operation {
	start := time.Unix(1_790_000_000+int64(number), r.Int64N(1e9))
	took := time.Duration(r.Int64N(int64(time.Minute)))
	op := record.Operation{
		Change: record.Ended, Number: number, Parent: uint64(r.IntN(3)), Direction: record.ToServer, Method: semconv.ToolsCall,
		Target: names(r.IntN(1 << 30)), Start: start, End: start.Add(took), Duration: took, Wait: took / 2, RoundTrips: 1,
		RequestSize: r.Int64N(1000), ResponseSize: r.Int64N(100_000), Answered: true, ArgumentsOf: number,
	}
	if number%2 == 0 { // answered_late is that of a note
		words := slices.DeleteFunc(semconv.Stalls(), func(w semconv.Word) bool { return w.Value == string(record.AnsweredLate) })
		op.Stall = record.Stall(words[int(number/2)%len(words)].Value)
	}
	if r.IntN(10) == 0 {
		op.ErrorType, op.Class, op.Code, op.Hung, op.Batch = semconv.ErrTool, record.RateLimited, "-32603", true, true
		op.Resource, op.RoundTrips, op.InputWait = "file", 2, time.Second
		op.End = op.End.Add(op.InputWait)
		op.Direction = record.ToClient
	}
	return op
}

// tool is the definition of a tool.
func tool(name string) record.Definition {
	return record.Definition{Kind: record.ToolDefinition, Name: name, Size: 700, Tokens: 150}
}

// TestDigest: what was put into a digest comes out of it, in 100 bytes an operation.
func TestDigest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{
		"read_text_file", "list_directory", "mcp__github__search_pull_requests", "browser_take_screenshot", "query-docs",
		"get_workflow_run_logs", "create_or_update_file", "sequentialthinking", "resolve-library-id", "execute_sql",
	}
	var ops []record.Operation
	for n := range uint64(5000) {
		ops = append(ops, someOperation(r, n+1, func(i int) string { return words[i%len(words)] }))
	}
	ops[0].Method, ops[0].Target, ops[0].ToolCount, ops[0].DefinitionSize = semconv.ToolsList, "", 10, 14_000
	for i, name := range words {
		ops[0].Definitions = append(ops[0].Definitions, record.Definition{
			Kind: record.ToolDefinition, Name: name, Size: int64(i) * 1000, Tokens: int64(i) * 250, Description: int64(i) * 300,
		})
	}
	ops[2].RequestTokens, ops[2].ResponseTokens, ops[2].ResponseMedia, ops[2].DefinitionTokens = 12, 30_000, 1<<20, 7000
	ops[1].Definitions = []record.Definition{{Kind: record.InstructionsDefinition, Size: 1 << 40, Tokens: 1 << 38}}
	s := digestOf(t, ops)
	got := readDigest(t, s)
	if len(got) != len(ops) {
		t.Fatalf("%d operations", len(got))
	}
	for i := range ops {
		ops[i].Start, ops[i].End = ops[i].Start.Local(), ops[i].End.Local()
		if !reflect.DeepEqual(got[i], ops[i]) {
			t.Fatalf("%+v has become\n%+v", ops[i], got[i])
		}
	}
	info, err := os.Stat(filepath.Join(s.Dir, "digest"))
	if err != nil || info.Size() > 100*5000 {
		t.Errorf("%d bytes an operation, %v", info.Size()/5000, err)
	}
	t.Logf("%.1f bytes an operation", float64(info.Size())/5000)
}

// TestDigestOfManyNames: a peer that never repeats a name, and lists more tools than anyone remembers, costs no memory.
func TestDigestOfManyNames(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var ops []record.Operation
	for n := range uint64(20_000) {
		ops = append(ops, someOperation(r, n+1, func(i int) string { return fmt.Sprintf("tool_%d_%s", i, strings.Repeat("x", i%100)) }))
	}
	for i := range 30_000 {
		ops[7].Definitions = append(ops[7].Definitions, tool(fmt.Sprint("listed_", i)))
	}
	got := readDigest(t, digestOf(t, ops))
	if len(got) != len(ops) {
		t.Fatalf("%d operations", len(got))
	}
	for i := range ops {
		if got[i].Target != ops[i].Target || got[i].Class != ops[i].Class || !slices.Equal(got[i].Definitions, ops[i].Definitions) {
			t.Fatalf("operation %d: %q has become %q, %d tools", i, ops[i].Target, got[i].Target, len(got[i].Definitions))
		}
	}
}

// FuzzDigest: whatever a digest holds, reading it ends, and what was whole before the damage comes out.
func FuzzDigest(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	var ops []record.Operation
	for n := range uint64(20) {
		ops = append(ops, someOperation(r, n+1, func(i int) string { return fmt.Sprint("tool_", i%3) }))
	}
	ops[3].Definitions = []record.Definition{tool("a"), tool("b")}
	s := digestOf(f, ops)
	path := filepath.Join(s.Dir, "digest")
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, 0, byte(0))
	f.Add(whole, len(whole)/2, byte(255))
	f.Add(whole[:len(whole)-3], 10, byte(1))
	f.Add([]byte{}, 0, byte(0))
	f.Add([]byte("SPDIGEST1\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0, byte(0))
	f.Add([]byte("SPDIGEST1\n\x06\x03\xff\xff\xff\xff\x0f"), 0, byte(0))
	f.Fuzz(func(t *testing.T, text []byte, at int, with byte) {
		text = slices.Clone(text)
		if at >= 0 && at < len(text) {
			text[at] ^= with
		}
		path := filepath.Join(t.TempDir(), "digest")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		n := 0
		damaged := store.Session{Dir: filepath.Dir(path)}
		_ = damaged.Digest(func(op *record.Operation) bool { // any error is fine
			n += len(op.Definitions)
			return true
		})
		if n > len(text) {
			t.Errorf("%d tools of %d bytes", n, len(text))
		}
	})
}

// TestDigestOfManyTools: a digest that names tools without end, as no writer does, takes no memory without end.
func TestDigestOfManyTools(t *testing.T) {
	s := digestOf(t, []record.Operation{{Change: record.Ended, Number: 1, Method: "tools/list", Start: time.Now()}})
	path := filepath.Join(s.Dir, "digest")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const names = 1 << 15
	entry := binary.AppendUvarint([]byte{3}, names)
	entry = append(entry, make([]byte, names)...)
	for range 30 {
		text = append(binary.AppendUvarint(text, uint64(len(entry))), entry...)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if ops := readDigest(t, s); len(ops) != 1 || len(ops[0].Definitions) > 100_000 {
		t.Errorf("%d operations, %d tools", len(ops), len(ops[0].Definitions))
	}
}

// TestDigestOfNamesAlone: a digest of a version that kept only the names of tools still tells them.
func TestDigestOfNamesAlone(t *testing.T) {
	s := digestOf(t, []record.Operation{{Change: record.Ended, Number: 1, Method: semconv.ToolsList, Start: time.Now()}})
	path := filepath.Join(s.Dir, "digest")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range []string{"\x01search", "\x01fetch", "\x03\x02\x02\x03"} { // text 1 is the method
		text = append(binary.AppendUvarint(text, uint64(len(entry))), entry...)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	ops := readDigest(t, s)
	if len(ops) != 1 || !slices.Equal(ops[0].ToolNames(), []string{"search", "fetch"}) {
		t.Errorf("%+v", ops)
	}
}
