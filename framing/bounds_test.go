package framing_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/framing"
)

// stream writes a message without ever having it in memory, and returns what the scanner made of it.
func stream(t *testing.T, head, body string, times int, tail string) framing.Message {
	t.Helper()
	var got []framing.Message
	s := framing.NewScanner(telemetryTable, func(m *framing.Message) { got = append(got, keep(m)) })
	s.Write([]byte(head), time.Time{})
	chunk := []byte(body)
	for range times {
		s.Write(chunk, time.Time{})
	}
	s.Write([]byte(tail+"\n"), time.Time{})
	if n := s.Retained(); n > 512<<10 {
		t.Errorf("%d bytes retained", n)
	}
	if len(got) != 1 {
		t.Fatalf("%d messages, want 1", len(got))
	}
	return got[0]
}

func TestGibibyte(t *testing.T) {
	const mib = 1 << 20
	head := `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"`
	tail := `"}],"isError":true}}`
	got := stream(t, head, strings.Repeat("QUJD", mib/4), 1024, tail)
	size := int64(len(head) + len(tail) + 1<<30)
	if got.Kind != framing.Response || got.Size != size || len(got.Values) != 2 {
		t.Fatal(show(got))
	}
	text, isError := got.Values[0], got.Values[1]
	if text.Size != 1<<30+2 || !text.Truncated || string(text.Text) != strings.Repeat("QUJD", 128) {
		t.Errorf("text is %q of %d bytes", text.Text, text.Size)
	}
	if isError.Type != framing.True {
		t.Errorf("isError is of type %d", isError.Type)
	}
}

func TestDepthBomb(t *testing.T) {
	const half = 1 << 23
	for name, test := range map[string]struct{ head, open, shut, tail, want string }{
		"in what is skipped":    {`{"jsonrpc":"2.0","id":1,"result":{"x":`, "[", "]", `,"isError":false}}`, "response"},
		"objects":               {`{"jsonrpc":"2.0","id":1,"result":{"x":`, `{"a":`, "}", `,"isError":false}}`, "response"},
		"along a path":          {`{"jsonrpc":"2.0","method":"a","params":`, `{"params":`, "}", `}`, "notification"},
		"of nothing but arrays": {``, "[", "]", ``, "not-rpc"},
		"one bracket too many":  {`{"jsonrpc":"2.0","id":1,"result":{"x":`, "[", "]", `]}}`, "malformed"},
		"never closed":          {`{"jsonrpc":"2.0","id":1,"result":{"x":`, "[", "[", `}}`, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			const n = half / 1024
			inner := strings.Repeat(test.open, n) + "1" // the one value of all
			all := test.head + strings.Repeat(inner[:len(inner)-1], 1024) + "1"
			got := stream(t, all, strings.Repeat(test.shut, n), 1024, test.tail)
			if kindNames[got.Kind] != test.want {
				t.Errorf("%s, want %s", show(got), test.want)
			}
		})
	}
}

func TestHundredsOfTools(t *testing.T) {
	got := scan(telemetryTable, benchTools(800))
	if len(got) != 1 || got[0].Dropped != 0 || len(got[0].Values) != 801 {
		t.Fatalf("%d values, %d dropped", len(got[0].Values), got[0].Dropped)
	}
	for i, v := range got[0].Values[1:] {
		if want := fmt.Sprintf("tool_%d", i); string(v.Text) != want {
			t.Errorf("tool %d is %q, want %q", i, v.Text, want)
		}
	}
	if count := got[0].Values[0].Count; count != 800 {
		t.Errorf("%d tools counted, want 800", count)
	}
}

func TestTooManyValues(t *testing.T) {
	for _, test := range []struct {
		name, element string
		n, kept       int
	}{
		{"by number", `{"name":"t"}`, 10000, framing.MaxRepeated},
		{"by size", `{"name":"` + strings.Repeat("n", 100) + `"}`, 1000, (framing.MaxRepeatedBytes-128)/100 + 1},
		{"by size, of short values", `{"name":"` + strings.Repeat("n", 60) + `"}`, 2000, (framing.MaxRepeatedBytes-128)/60 + 1},
		{"by size, to the last byte", `{"name":"` + strings.Repeat("n", 128) + `"}`, 1000, framing.MaxRepeatedBytes / 128},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := strings.Repeat(test.element+",", test.n-1) + test.element
			line := `{"jsonrpc":"2.0","id":1,"result":{"tools":[` + list + `],"isError":true}}`
			for _, size := range []int{1 << 30, 100, 1} {
				m := scan(telemetryTable, pieces([]byte(line), size)...)[0]
				names := len(m.Values) - 2
				if names != test.kept || m.Dropped != test.n-test.kept || m.Values[0].Count != test.n {
					t.Errorf("in pieces of %d: %d names, %d dropped, %d counted", size, names, m.Dropped, m.Values[0].Count)
				}
				if last := m.Values[len(m.Values)-1]; last.Type != framing.True {
					t.Errorf("in pieces of %d: the value after the array is missing", size)
				}
			}
		})
	}
}

// A container that never ends takes no more memory than its path wants.
func TestContainerThatGoesOn(t *testing.T) {
	s := framing.NewScanner(awkwardTable, func(*framing.Message) {})
	s.Write([]byte(`{"params":{"x":[`), epoch)
	chunk := []byte(strings.Repeat("1,", 500))
	for range 2000 {
		s.Write(chunk, epoch)
	}
	if n := s.Retained(); n > 64<<10 {
		t.Errorf("%d bytes retained", n)
	}
}

// Values that a later member with the same key replaces must not accumulate.
func TestDuplicatesThatGoOn(t *testing.T) {
	s := framing.NewScanner(telemetryTable, func(*framing.Message) {})
	s.Write([]byte(`{"params":{"x":1`), epoch)
	member := []byte(`,"uri":"` + strings.Repeat("u", 500) + `"`)
	for range 2000 {
		s.Write(member[:300], epoch)
		s.Write(member[300:], epoch)
	}
	if n := s.Retained(); n > 512<<10 {
		t.Errorf("%d bytes retained", n)
	}
}

// The same with so many values at once that they exceed what a message may keep.
func TestLargeDuplicatesThatGoOn(t *testing.T) {
	long := strings.Repeat("n", 128)
	list := strings.Repeat(`{"name":"`+long+`"},`, framing.MaxRepeatedBytes/len(long))
	s := framing.NewScanner(telemetryTable, func(*framing.Message) {})
	s.Write([]byte(`{"x":1`), epoch)
	for range 100 {
		s.Write([]byte(`,"result":{"taskId":"`+long+`","tools":[`+list+`{}]}`), epoch)
	}
	if n := s.Retained(); n > 1<<20 {
		t.Errorf("%d bytes retained", n)
	}
}

// A key that is repeated with new values must not use up the room for values.
func TestDuplicatesInBulk(t *testing.T) {
	var line bytes.Buffer
	line.WriteString(`{"result":{"tools":[{"name":"first"}],"supportedVersions":["x"]`)
	for i := range 8000 {
		fmt.Fprintf(&line, `,"tools":[{"name":"a%d"},{"name":"b%d","name":"c%d"}],"resultType":"r%d"`, i, i, i, i)
	}
	line.WriteString(`}}`)
	want := wanted(telemetryPaths, line.Bytes())[0]
	for _, size := range []int{1 << 30, 1000, 1} {
		got := scan(telemetryTable, pieces(line.Bytes(), size)...)[0]
		if d := differs(got, want, len(telemetryPaths)); d != "" || got.Dropped != 0 {
			t.Errorf("in pieces of %d: %d dropped, %s", size, got.Dropped, d)
		}
	}
}

// What was copied of a message is cleared when its line ends, however the line was spelled, cut or broken.
func TestCopiesAreCleared(t *testing.T) {
	const secret = "my-password"
	name := strings.Repeat(`"name":"x`+secret+`",`, 2000)
	for what, line := range map[string]string{
		"plain":        `{"jsonrpc":"2.0","id":1,"result":{"a":"my-password"}}`,
		"object":       `{"jsonrpc":"2.0","id":1,"result":{"a":{"x":"my-password"}}}`,
		"escaped":      `{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"\tmy-password"}}`,
		"id":           `{"id":"my-password","jsonrpc":"2.0","method":"m"}`,
		"method":       `{"id":1,"jsonrpc":"2.0","method":"my-password"}`,
		"cut off":      `{"jsonrpc":"2.0","id":1,"result":{"a":"my-password`,
		"cut off deep": `{"jsonrpc":"2.0","id":1,"result":{"a":{"my-password":["my-password"`,
		"broken":       `{"jsonrpc":"2.0","id":1,"result":{"a":"\nmy-password"]}`,
		"batch":        `[{"jsonrpc":"2.0","id":1,"result":{"a":"\nmy-password"}},{"jsonrpc":"2.0","id":2,"result":{"a":"b"}}]`,
		"again":        `{"jsonrpc":"2.0","id":1,"params":{` + name + `"name":"my-password"}}`,
	} {
		t.Run(what, func(t *testing.T) {
			copied := false
			for _, table := range tables {
				for _, size := range []int{1 << 20, 300, 64, 17, 5, 1} {
					s := framing.NewScanner(table.table, func(*framing.Message) {})
					for _, piece := range pieces([]byte(line), size) {
						s.Write(piece, epoch)
						copied = copied || s.Copied(secret)
					}
					s.Write([]byte("\n"), epoch)
					if s.Copied(secret) {
						t.Errorf("table %s, in pieces of %d: the copy is still there", table.name, size)
					}
				}
			}
			if !copied {
				t.Error("it was never copied")
			}
		})
	}
}
