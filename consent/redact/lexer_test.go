package redact_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/consent/redact"
)

// FuzzTokens holds the lexer against encoding/json: both take the same texts for JSON, and no byte that matters is between
// two tokens.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-2.5e+3,true,null,"x\"\u00e9\\"],"b":{}}`, `[]`, `[[],{}]`, `"a`, `{"a"`, `{"a":1,}`, `[1,]`, `{a:1}`, `01`, `1.`, `-`,
		`tru`, `nulls`, "\"a\nb\"", ` {"a" : 1 } x`, `]`, `{]`, `"\q"`, `"\u12"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		tokens, whole := redact.Tokens(s)
		for _, token := range tokens {
			if strings.Contains(token, `\`) && !json.Valid([]byte(token)) {
				return // escapes are checked when they are decoded
			}
		}
		var first json.RawMessage
		err := json.NewDecoder(strings.NewReader(s)).Decode(&first)
		if whole != (err == nil) {
			t.Fatalf("%q: whole is %v, but encoding/json says %v", s, whole, err)
		}
		if !whole {
			return
		}
		rest := string(first)
		for _, token := range tokens {
			between, behind, found := strings.Cut(rest, token)
			if !found || strings.Trim(between, " \t\r\n,:") != "" {
				t.Fatalf("%q: no token %q in %q", s, token, rest)
			}
			rest = behind
		}
		if rest != "" {
			t.Fatalf("%q: %q is left", s, rest)
		}
	})
}
