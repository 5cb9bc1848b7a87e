package redact_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/consent/redact"
)

func nameLines(tb testing.TB, file string) []string {
	tb.Helper()
	b, err := os.ReadFile("testdata/names/" + file)
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && line[0] != '#' {
			names = append(names, strings.ReplaceAll(line, "·", ""))
		}
	}
	return names
}

func TestNamePasses(t *testing.T) {
	for _, name := range nameLines(t, "pass.txt") {
		if got, ok := redact.Name([]byte(name)); !ok || got != name {
			t.Errorf("Name(%q) = %q, %v; want it unchanged", name, got, ok)
		}
	}
}

func TestNameRefuses(t *testing.T) {
	names := append(nameLines(t, "refuse.txt"),
		"", strings.Repeat("a", redact.MaxName+1), "a\x00b", "a\nb", "tab\there", "\x1b[31mred", "a\x7f", "caf\xe9", "\xff\xfe",
		"right\u202eleft", "zero\u200bwidth", "iso\u2066late", "bom\ufeff", "line\u2028sep", "private\ue000", "c1\u0085",
		"\u00a0", "tag\U000e0041", "hangul\u3164", "halfwidth\uffa0", "choseong\u115f", "joiner\u034f", "braille\u2800", "khmer\u17b4",
		"selector\ufe01", "object\ufffc", "mongolian\u180b", "selector\U000e0101", "stacked\u0301\u0302\u0303\u0304", "\u0301alone",
	)
	for _, name := range names {
		if got, ok := redact.Name([]byte(name)); ok || got != "" {
			t.Errorf("Name(%q) = %q, %v; want it refused", name, got, ok)
		}
	}
	if _, ok := redact.Name([]byte(strings.Repeat("ab_", redact.MaxName/3))); !ok {
		t.Error("a name of nearly the greatest length is refused")
	}
}

var uuid = regexp.MustCompile(`[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{11,12}$`)

// Credentials of the corpus are refused as names, as far as they have a form of their own and the length of a name. UUIDs
// are excepted, because they are far more often ids.
func TestNameRefusesCorpus(t *testing.T) {
	asked, refused := 0, 0
	for _, it := range corpus(t) {
		if it.kind != "credential" && it.kind != "email" && it.kind != "iban" && it.kind != "mac" && it.kind != "jwt" {
			continue
		}
		for _, secret := range it.secrets {
			if len(secret) < 20 || len(secret) > redact.MaxName || uuid.MatchString(secret) || strings.ContainsAny(secret, " :?%") {
				continue
			}
			asked++
			if _, ok := redact.Name([]byte(secret)); !ok {
				refused++
			} else if testing.Verbose() {
				t.Logf("%s: %q passes", it.where, secret)
			}
		}
	}
	t.Logf("%d of %d refused", refused, asked)
	if refused*100 < asked*90 {
		t.Errorf("%d of %d secrets refused, want 90 %%", refused, asked)
	}
}

func FuzzName(f *testing.F) {
	for _, file := range []string{"pass.txt", "refuse.txt"} {
		for _, name := range nameLines(f, file) {
			f.Add([]byte(name))
		}
	}
	f.Add([]byte("a\x1b]0;x\x07"))
	f.Fuzz(func(t *testing.T, b []byte) {
		name, ok := redact.Name(b)
		if !ok {
			if name != "" {
				t.Fatalf("refused, and yet %q", name)
			}
			return
		}
		if name != string(b) || len(name) > redact.MaxName || !utf8.ValidString(name) {
			t.Fatalf("passed as %q, %d bytes", name, len(name))
		}
		for _, c := range name {
			if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029' {
				t.Fatalf("%U passed", c)
			}
		}
	})
}

func BenchmarkName(b *testing.B) {
	for _, bm := range []struct{ name, value string }{
		{"tool", "mcp__github__create_issue"},
		{"uuid", "f47ac10b-58cc-4372-a567-0e02b2c3d479"},
		{"version", "0.0.0-20240101120000-abcdef123456"},
		{"method", "notifications/resources/updated"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			value := []byte(bm.value)
			for b.Loop() {
				redact.Name(value)
			}
		})
	}
}
