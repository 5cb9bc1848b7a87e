package framing_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing"
)

// seeds returns the streams that every fuzz target begins with: the lines of testdata/lines.txt, one by one and
// together.
func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	all, err := os.ReadFile("testdata/lines.txt")
	if err != nil {
		tb.Fatal(err)
	}
	return append(bytes.Split(all, []byte("\n")), all)
}

// FuzzSplit checks that a stream yields the same messages however it is cut into chunks, and whatever came before.
func FuzzSplit(f *testing.F) {
	for _, stream := range seeds(f) {
		f.Add(stream, uint16(3), uint8(7))
	}
	f.Fuzz(func(t *testing.T, stream []byte, cut uint16, size uint8) {
		for _, with := range tables {
			whole := showAll(timeless(scan(with.table, stream)))
			at := int(cut) % (len(stream) + 1)
			for how, chunks := range map[string][][]byte{
				"at one place": {stream[:at], stream[at:]},
				"in pieces":    pieces(stream, int(size)+1),
				"into bytes":   pieces(stream, 1),
			} {
				if got := showAll(timeless(scan(with.table, chunks...))); got != whole {
					t.Errorf("%s table, cut %s:\n%s\nin one chunk:\n%s", with.name, how, got, whole)
				}
			}
		}
		for _, v := range newReused() {
			v.check(t, stream)
		}
	})
}

// FuzzJSON checks that what encoding/json accepts is never malformed, and that both find the same in it.
func FuzzJSON(f *testing.F) {
	for _, line := range seeds(f) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if !bytes.ContainsRune(line, '\n') {
			agree(t, line)
		}
	})
}

// FuzzGenerated is FuzzJSON on lines that are valid by construction, and full of the tables' keys.
func FuzzGenerated(f *testing.F) {
	for _, line := range seeds(f) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		agree(t, generate(choices))
	})
}

// agree compares what the scanner makes of a line with what encoding/json does.
func agree(t *testing.T, line []byte) {
	t.Helper()
	body := bytes.TrimPrefix(line, []byte("\ufeff"))
	if !json.Valid(body) {
		return
	}
	for _, with := range tables {
		got := scan(with.table, line)
		first := bytes.TrimSpace(body)[0]
		if first != '{' && first != '[' {
			if len(got) != 1 || got[0].Kind != framing.Noise {
				t.Fatalf("%s: a scalar is %s", line, showAll(got))
			}
			continue
		}
		want := wanted(with.paths, line)
		if n := len(got); first == '[' && n > 0 && got[n-1].Kind == framing.NotRPC && !got[n-1].Batch {
			got = got[:n-1]
		}
		if len(got) != len(want) {
			t.Fatalf("%s table, %q: %d messages, want %d:\n%s", with.name, line, len(got), len(want), showAll(got))
		}
		for i, m := range got {
			if m.Kind == framing.Malformed || m.Kind == framing.Noise || m.Kind == framing.Foreign {
				t.Fatalf("%s table, %q: %s", with.name, line, show(m))
			}
			if m.Batch && m.Size != want[i].Size {
				t.Errorf("%s table, %q: size %d, want %d", with.name, line, m.Size, want[i].Size)
			}
			if d := differs(m, want[i], len(with.paths)); d != "" && m.Dropped == 0 {
				t.Errorf("%s table, %q: %s", with.name, line, d)
			}
		}
	}
}

// FuzzBounds checks that whatever bytes come in whatever chunks, memory stays bounded and every line is accounted
// for.
func FuzzBounds(f *testing.F) {
	for _, stream := range seeds(f) {
		f.Add(stream, uint8(9), uint8(3))
	}
	f.Fuzz(func(t *testing.T, stream []byte, size, times uint8) {
		for _, with := range tables {
			lines, reported := int64(0), int64(0)
			s := framing.NewScanner(with.table, func(m *framing.Message) {
				if !m.Batch {
					lines += m.Size
				}
				reported++
			})
			for range int(times) + 1 {
				for _, chunk := range pieces(stream, int(size)*int(size)+1) {
					s.Write(chunk, time.Time{})
				}
			}
			s.Close(time.Time{})
			if n := s.Retained(); n > 1<<20 {
				t.Errorf("%s table: %d bytes retained", with.name, n)
			}
			if total := int64(len(stream)) * int64(int(times)+1); lines > total {
				t.Errorf("%s table: lines of %d bytes reported, there were %d", with.name, lines, total)
			}
		}
	})
}
