package store_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestDigestIsRebuilt: what a digest lacks, because it is missing, torn or damaged, comes from the spans.
func TestDigestIsRebuilt(t *testing.T) {
	dir := storeDir(t)
	one := makeSession(t, dir, 300)
	path := filepath.Join(one.Dir, "digest")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := digestLines(t, &one)
	half := len(whole) / 2
	for name, text := range map[string][]byte{
		"whole": whole, "torn": whole[:half], "torn by a byte": whole[:len(whole)-1], "zeros from the middle of an operation": zerosFrom(t, whole), "empty": {},
		"of a later version": []byte("SPDIGEST9\nx"),
		"damaged":            append(slices.Clone(whole[:half]), bytes.Repeat([]byte{0xff}, 100)...), "missing": nil,
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if name == "missing" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		if got := digestLines(t, &one); !slices.Equal(got, want) {
			t.Errorf("%s: %d operations, want %d", name, len(got), len(want))
		}
	}
	if err := os.WriteFile(path, whole[:half], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(one.Dir, "traces.jsonl")); err != nil {
		t.Fatal(err)
	}
	if got := digestLines(t, &one); len(got) == 0 || len(got) >= len(want) {
		t.Errorf("without spans %d operations of %d are left", len(got), len(want))
	}
}

// zerosFrom returns a digest whose last operation was written in part before a power cut: the rest is zeros.
func zerosFrom(t *testing.T, whole []byte) []byte {
	t.Helper()
	const kept = 12 // bytes of the entry, which ends with its times and sizes
	at, last := len("SPDIGEST1\n"), 0
	for at < len(whole) {
		n, size := binary.Uvarint(whole[at:])
		if whole[at+size] == 2 { // an operation
			last = at
		}
		at += size + int(n)
	}
	return append(slices.Clone(whole[:last+kept]), make([]byte, 500)...)
}

// digestLines returns what spans and digest both have of operations, in the order of their numbers.
func digestLines(t *testing.T, s *store.Session) []string {
	t.Helper()
	var lines []string
	if err := s.Digest(func(op *record.Operation) bool {
		lines = append(lines, fmt.Sprint(op.Number, op.Method, op.Target, op.Start.UTC(), op.Duration, op.ErrorType, op.Class, op.ResponseSize))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// TestRecoveredMeta: what session.json lacks is in the other files: it is missing or damaged, or is that of the start.
func TestRecoveredMeta(t *testing.T) {
	for name, meta := range map[string]string{"missing": "", "empty": " ", "damaged": `{"format":1,"id":"`, "of the start": `{"format":1,"launched":"2026-11-26T10:00:00Z"}`} {
		t.Run(name, func(t *testing.T) {
			dir := storeDir(t)
			whole := makeSession(t, dir, 20)
			path := filepath.Join(whole.Dir, "session.json")
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if meta != "" {
				appendTo(t, path, meta)
			}
			got, err := store.Open(dir).Find("last")
			if err != nil {
				t.Fatal(err)
			}
			if (got.Problem == "") != (name == "of the start") {
				t.Errorf("the problem is %q", got.Problem)
			}
			got.Exit.EndedBy, got.Exit.Cause = whole.Exit.EndedBy, whole.Exit.Cause
			if got.ID != whole.ID || got.Service != whole.Service || got.Server != whole.Server || got.Client != whole.Client ||
				got.State != store.Ended || !got.Launched.Equal(whole.Launched) || !got.Started.Equal(whole.Started) ||
				!got.Ended.Equal(whole.Ended) || *got.Exit != *whole.Exit || got.Totals != whole.Totals || got.Protocol != whole.Protocol {
				t.Errorf("got %+v\nwant %+v", got.Meta, whole.Meta)
			}
		})
	}
}

// TestDamagedLines: lines that cannot be read are counted and left out, wherever they are; a torn last line is left out.
func TestDamagedLines(t *testing.T) {
	dir := storeDir(t)
	one := makeSession(t, dir, 700) // several lines
	whole, err := one.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"traces.jsonl", "logs.jsonl", "content.jsonl"} {
		path := filepath.Join(one.Dir, name)
		text, err := os.ReadFile(path)
		if err != nil && name != "content.jsonl" {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append([]byte("{\"a\":\n\x00\n"), append(text, `{"torn":`...)...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := one.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got.Damaged != 6 || len(got.Operations) != len(whole.Operations) || len(got.Notes) != len(whole.Notes) {
		t.Errorf("%d damaged, %d operations, %d notes", got.Damaged, len(got.Operations), len(got.Notes))
	}
}

// TestLongLine: a line that is longer than a session's is one damaged line.
func TestLongLine(t *testing.T) {
	dir := storeDir(t)
	one := makeSession(t, dir, 20)
	whole, err := one.Load()
	if err != nil {
		t.Fatal(err)
	}
	long := bytes.Repeat([]byte(" "), 33<<20)
	for _, name := range []string{"traces.jsonl", "logs.jsonl"} {
		path := filepath.Join(one.Dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, slices.Concat(long, []byte("\n"), text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := one.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got.Damaged != 2 || len(got.Operations) != len(whole.Operations) || len(got.Notes) != len(whole.Notes) {
		t.Errorf("%d damaged, %d operations, %d notes", got.Damaged, len(got.Operations), len(got.Notes))
	}
}

// TestOpenOperations: a killed session shows what was open, and its totals count it.
func TestOpenOperations(t *testing.T) {
	dir := storeDir(t)
	if _, err := storetest.Make(dir, storetest.Session{
		Server: storetest.Servers()[1], Start: epoch, Calls: 5, Every: time.Second, Seed: 3, Open: true, End: storetest.Killed,
	}); err != nil {
		t.Fatal(err)
	}
	one, err := store.Open(dir).Find("last")
	if err != nil {
		t.Fatal(err)
	}
	r, err := one.Load()
	if err != nil {
		t.Fatal(err)
	}
	last := r.Operations[len(r.Operations)-1]
	if one.State != store.Killed || one.Totals.Open != 1 || r.Exit != nil || last.Change != record.StillOpen || !last.End.IsZero() ||
		last.Method != "tools/call" || last.Target == "" || last.Number != 7 || r.Spans[7].SpanID == [8]byte{} {
		t.Errorf("%s, %+v: %+v", one.State, one.Totals, last)
	}
}
