package edit_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailscale/hujson"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

func TestJSONGenerated(t *testing.T) {
	restored := 0
	generated(t, 1500, generateJSON, func(t testing.TB, r *rand.Rand, text []byte) {
		agrees(t, parsed(t, edit.JSON, text))
		checkEveryEdit(t, r, edit.JSON, text)
		restored += checkWrap(t, edit.JSON, text)
		checkSequence(t, r, parsed(t, edit.JSON, text))
	})
	if restored < 10 {
		t.Errorf("%d entries were wrapped", restored)
	}
}

// agrees checks a tree against encoding/json's.
func agrees(t testing.TB, f *edit.File) {
	t.Helper()
	standard, err := hujson.Standardize(append(bytes.Clone(body(f)), '\n'))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(standard))
	decoder.UseNumber()
	var want any
	if err := decoder.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if !matches(f.Root(), want) {
		t.Fatalf("the tree is another than that of encoding/json, %v, for\n%s", want, f.Text())
	}
}

func matches(n *edit.Node, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		for _, m := range n.Members {
			if value, ok := want[replaced(m.Name)]; !ok || !matches(m.Value, value) {
				return false
			}
		}
		return n.Kind == edit.Map && len(n.Members) >= len(want)
	case []any:
		for i, item := range n.Items {
			if i >= len(want) || !matches(item, want[i]) {
				return false
			}
		}
		return n.Kind == edit.List && len(n.Items) == len(want)
	case string:
		return n.Kind == edit.String && replaced(n.Text) == want
	case json.Number:
		return n.Kind == edit.Other && n.Text == want.String()
	default:
		text, err := json.Marshal(want)
		return err == nil && n.Kind == edit.Other && n.Text == string(text)
	}
}

// replaced returns a text as encoding/json has it, with a replacement character for half a surrogate pair.
func replaced(s string) string {
	var b strings.Builder
	for s != "" {
		if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 {
			b.WriteRune('\ufffd')
			s = s[3:]
			continue
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}
