package redact_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/consent/redact"
)

// check holds one result against the promises of the package.
func check(t *testing.T, in []byte, out string, limit int, again func(string) string) {
	t.Helper()
	if len(out) > limit {
		t.Fatalf("%d bytes, at most %d wanted", len(out), limit)
	}
	if !utf8.ValidString(out) {
		t.Fatalf("%q is not valid UTF-8", out)
	}
	if twice := again(out); twice != out {
		t.Fatalf("%q: redacted %q, again %q", in, out, twice)
	}
}

func seeds(f *testing.F, mode string) {
	for i, it := range corpus(f) {
		if it.mode == mode && i%5 == 0 {
			f.Add([]byte(it.text), i%2 == 0, uint16(4096))
		}
	}
}

func FuzzText(f *testing.F) {
	r := newRedactor(f)
	seeds(f, "text")
	f.Fuzz(func(t *testing.T, in []byte, truncated bool, limit uint16) {
		out := r.Text(in, truncated, int(limit))
		check(t, in, out, int(limit), func(s string) string { return r.Text([]byte(s), false, int(limit)) })
	})
}

func FuzzJSON(f *testing.F) {
	r := newRedactor(f)
	seeds(f, "json")
	picky, err := redact.New(redact.Config{Keys: []string{"query", "a.b", "to"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in []byte, truncated bool, limit uint16) {
		out := r.JSON(in, truncated, int(limit))
		check(t, in, out, int(limit), func(s string) string { return r.JSON([]byte(s), false, int(limit)) })
		whole := r.JSON(in, false, len(in)*40+100)
		if json.Valid(in) && !json.Valid([]byte(whole)) {
			t.Fatalf("%q became %q, which is not JSON", in, whole)
		}
		only := picky.Members(in, truncated, len(in)*40+100)
		if json.Valid(in) && only != "" && !json.Valid([]byte(only)) {
			t.Fatalf("%q became %q, which is not JSON", in, only)
		}
	})
}

// FuzzPlanted puts a secret of the corpus between random text, as text, as a JSON string, and at the cutting edge, and
// looks for what is left of it. A line break separates the surroundings: glued to a letter, a card number is not
// a card number any more.
func FuzzPlanted(f *testing.F) {
	r := newRedactor(f)
	var planted []item
	for _, it := range corpus(f) {
		if it.kind == "none" || it.kind == "cookie" || it.mode != "text" || len(it.text) > 1000 || strings.Contains(it.text, `"`) {
			continue
		}
		planted = append(planted, it)
	}
	f.Add("before", "after", uint16(0), uint16(40))
	f.Add(`{"a":`, `}`, uint16(77), uint16(3))
	f.Add("\\", "\"", uint16(900), uint16(12))
	f.Fuzz(func(t *testing.T, before, after string, which, cutAt uint16) {
		it := planted[int(which)%len(planted)]
		it.rest += "\n" + before + "\n" + after
		if before+after != strings.ToValidUTF8(before+after, "") {
			return
		}
		text := before + "\n" + it.text + "\n" + after
		if out := r.Text([]byte(text), false, 1<<20); it.leaks(out) {
			t.Errorf("%s in text: %q leaves %q", it.where, text, out)
		}
		quoted, err := json.Marshal(map[string]string{"v": text})
		if err != nil {
			t.Fatal(err)
		}
		inJSON := it
		inJSON.rest += string(quoted[:len(before)]) + after
		out := r.JSON(quoted, false, 1<<20)
		if out == `"`+redact.KindContent.Marker()+`"` {
			return // redacting it once more would have changed it, so that all of it had to go
		}
		var back map[string]string
		if err := json.Unmarshal([]byte(out), &back); err != nil {
			t.Fatalf("%s: %q is not JSON: %v", it.where, out, err)
		}
		if it.leaks(back["v"]) {
			t.Errorf("%s in JSON: %q leaves %q", it.where, quoted, out)
		}
		if len(it.secrets) == 1 && it.kind != "private-key" {
			lo := len(before) + 1 + strings.Index(it.text, it.secrets[0])
			end := lo + int(cutAt)%(len(it.secrets[0])+1)
			if out := r.Text([]byte(text[:end]), true, 1<<20); it.leaks(out) {
				t.Errorf("%s cut at %d: %q leaves %q", it.where, end, text[:end], out)
			}
		}
	})
}
