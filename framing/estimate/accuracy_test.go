package estimate_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiktoken-go/tokenizer"

	"github.com/spanpipe/spanpipe/framing/estimate"
)

// sample is a text of a kind, and how it is written on the wire.
type sample struct {
	kind, name, text string
	wire             []byte
}

// corpus returns the texts of a directory, and random ones, which are not those of another seed. The first word of a file's name is its
// kind. Definitions are what they are on the wire, one on each line; any other text is what a result has in a JSON string.
func corpus(t *testing.T, dir string, seed uint64) []sample {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var all []sample
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kind, name, _ := strings.Cut(filepath.Base(file), "-")
		if kind != "definitions" {
			all = append(all, sample{kind, name, string(b), inString(t, string(b))})
			continue
		}
		for _, line := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
			all = append(all, sample{kind, name, meant(t, line), line})
		}
	}
	for kind, text := range randomTexts(seed) {
		all = append(all, sample{kind, "random", text, inString(t, text)})
	}
	return all
}

// randomTexts are those of which there is no end.
func randomTexts(seed uint64) map[string]string {
	r := rand.New(rand.NewPCG(seed, 1))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	var ids, sums strings.Builder
	for range 200 {
		h := hex.EncodeToString(random(16))
		fmt.Fprintf(&ids, "%s-%s-%s-%s-%s\n", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
		fmt.Fprintln(&sums, hex.EncodeToString(random(20)))
	}
	return map[string]string{"base64": base64.StdEncoding.EncodeToString(random(6000)), "uuid": ids.String(), "hex": sums.String()}
}

// inString returns a text as it stands in a JSON string.
func inString(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		t.Fatal(err)
	}
	return bytes.Trim(b.Bytes(), "\"\n")
}

// meant returns JSON with its escapes replaced by the characters that they mean.
func meant(t *testing.T, raw []byte) string {
	t.Helper()
	var b strings.Builder
	for len(raw) > 0 {
		n := bytes.IndexByte(raw, '\\')
		if n < 0 {
			n = len(raw)
		}
		b.Write(raw[:n])
		if raw = raw[n:]; len(raw) == 0 {
			break
		}
		size, char := 2, ""
		if raw[1] == 'u' {
			size = 6
		}
		if err := json.Unmarshal([]byte(`"`+string(raw[:size])+`"`), &char); err != nil {
			t.Fatal(err)
		}
		b.WriteString(char)
		raw = raw[size:]
	}
	return b.String()
}

// sum is what was estimated, and what it is.
type sum struct{ estimated, real float64 }

func (s sum) error() float64 { return s.estimated/s.real - 1 }

// TestAccuracy: the estimate is within 10 % of o200k, for each kind of text and for each text, on texts to which it was not
// fitted.
func TestAccuracy(t *testing.T) {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	kinds, texts := map[string]sum{}, map[string]sum{}
	var elements, off float64
	for _, s := range corpus(t, "judge", 2) {
		var c estimate.Counter
		c.Write(s.wire)
		n, err := codec.Count(s.text)
		if err != nil {
			t.Fatal(err)
		}
		for in, key := range map[*map[string]sum]string{&kinds: s.kind, &texts: s.kind + " " + s.name} {
			was := (*in)[key]
			(*in)[key] = sum{was.estimated + float64(c.Tokens()), was.real + float64(n)}
		}
		if s.kind == "definitions" {
			elements++
			off += math.Abs(float64(c.Tokens())/float64(n) - 1)
		}
	}
	for _, kind := range []string{"definitions", "prose", "code", "json_minified", "json_indented", "uuid", "chinese", "base64"} {
		if _, there := kinds[kind]; !there {
			t.Errorf("no text is of kind %s", kind)
		}
	}
	for _, all := range []map[string]sum{kinds, texts} {
		for _, key := range slices.Sorted(maps.Keys(all)) {
			s := all[key]
			t.Logf("%-42s %6.0f, really %6.0f: %+.1f %%", key, s.estimated, s.real, 100*s.error())
			if math.Abs(s.error()) > 0.1 {
				t.Errorf("%s is off by %+.1f %%", key, 100*s.error())
			}
		}
	}
	t.Logf("a single definition is off by %.1f %% on average", 100*off/elements)
	if off/elements > 0.1 {
		t.Error("that is too much")
	}
}

// TestSampling: what is sampled of a large message stays within 5 % of what counting all of it says, in a conversation and, over
// many messages, in a flood.
func TestSampling(t *testing.T) {
	now := time.Unix(1, 0)
	for _, s := range corpus(t, "judge", 3) {
		if len(s.wire) < 2000 { // a single definition
			continue
		}
		large := bytes.Repeat(s.wire, 1<<20/len(s.wire))
		var c estimate.Counter
		c.Write(large)
		check := func(what string, got, want int64) {
			t.Helper()
			off := float64(got)/float64(want) - 1
			t.Logf("%s, %s of %s: %+.1f %%", s.kind, s.name, what, 100*off)
			if math.Abs(off) > 0.05 {
				t.Errorf("%s, %s of %s: %d tokens estimated, %d counted: %+.1f %%", s.kind, s.name, what, got, want, 100*off)
			}
		}
		var m estimate.Meter
		m.Begin(now)
		from := m.Read()
		m.Write(large)
		check("a message of 1 MiB", m.Read().Since(from), c.Tokens())

		var flood estimate.Meter
		from = flood.Read()
		for range 64 {
			flood.Begin(now)
			flood.Value()
			flood.Write(large)
		}
		check("a flood of 64 MiB", flood.Read().Since(from), 64*c.Tokens())
	}
}
