package redact_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/consent/redact"
)

var update = flag.Bool("update", false, "write the table of figures into docs/redaction.md")

// An item is one line of testdata/corpus: kind, mode (text, json or uri) and text, with tabs between them. The secrets in
// the text stand in ⟦ ⟧. A · in a line is for the eye and for scanners that look for credentials in repositories; it is
// no part of the text.
type item struct {
	where   string
	kind    string
	mode    string
	text    string
	secrets []string
	rest    string // the text without its secrets
	public  bool
}

var marked = regexp.MustCompile(`(?s)⟦(.*?)⟧`)

func corpus(tb testing.TB) []item {
	tb.Helper()
	files, err := filepath.Glob("testdata/corpus/*.txt")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no corpus: %v", err)
	}
	var items []item
	for _, name := range files {
		items = append(items, corpusFile(tb, name)...)
	}
	return items
}

func corpusFile(tb testing.TB, name string) (items []item) {
	tb.Helper()
	f, err := os.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	public, sourced := false, false
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if head, ok := strings.CutPrefix(line, "# "); ok {
			public = public || head == "public: yes"
			sourced = sourced || strings.HasPrefix(head, "source: ")
			continue
		}
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) != 3 || !sourced {
			tb.Fatalf("%s:%d: want kind, mode and text, and a source above", name, n)
		}
		it := parseItem(fields)
		it.where, it.public = fmt.Sprintf("%s:%d", filepath.Base(name), n), public
		if (it.kind == "none") != (len(it.secrets) == 0) {
			tb.Fatalf("%s: kind %s with %d secrets", it.where, it.kind, len(it.secrets))
		}
		items = append(items, it)
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return items
}

func parseItem(fields []string) item {
	text := fields[2]
	if fields[1] != "json" && fields[1] != "uri" { // JSON has its own escapes
		text = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r").Replace(text)
	}
	text = strings.ReplaceAll(text, "·", "")
	it := item{kind: fields[0], mode: fields[1]}
	for _, m := range marked.FindAllStringSubmatch(text, -1) {
		it.secrets = append(it.secrets, m[1])
	}
	it.rest = marked.ReplaceAllString(text, "")
	it.text = strings.NewReplacer("⟦", "", "⟧", "").Replace(text)
	return it
}

// minLeak is how many consecutive bytes of a secret count as a leak; of a shorter secret all of it.
const minLeak = 6

// leaks reports whether out holds a part of a secret that the text around the secrets does not hold as well.
func (it item) leaks(out string) bool {
	for _, secret := range it.secrets {
		n := min(minLeak, len(secret))
		for i := 0; i+n <= len(secret); i++ {
			if part := secret[i : i+n]; strings.Count(out, part) > strings.Count(it.rest, part) {
				return true
			}
		}
	}
	return false
}

func (it item) redact(r *redact.Redactor) string {
	const room = 1 << 20
	if it.mode == "json" {
		return r.JSON([]byte(it.text), false, room)
	}
	return r.Text([]byte(it.text), false, room)
}

func newRedactor(tb testing.TB) *redact.Redactor {
	tb.Helper()
	r, err := redact.New(redact.Config{Home: "/home/currentuser", User: "currentuser"})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// score counts the items of a kind. A false positive belongs to the kind of the first marker put into the item.
type score struct{ items, public, found, wrong int }

func (s score) recall() float64    { return ratio(s.found, s.items) }
func (s score) precision() float64 { return ratio(s.found, s.found+s.wrong) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

var anyMarker = regexp.MustCompile(`\[redacted:([a-z-]+)\]`)

// The corpus is held to the figures that the project promises, overall and for every kind.
func TestCorpus(t *testing.T) {
	const minRecall, minPrecision = 0.99, 0.95
	r := newRedactor(t)
	byKind := map[string]*score{}
	at := func(kind string) *score {
		if byKind[kind] == nil {
			byKind[kind] = &score{}
		}
		return byKind[kind]
	}
	var all score
	negatives, public := 0, 0
	for _, it := range corpus(t) {
		out := it.redact(r)
		if it.public {
			public++
		}
		if it.kind == "none" {
			negatives++
			if out != it.text {
				t.Logf("false positive: %s", it.where)
				if testing.Verbose() {
					t.Logf("  %q\n  %q", it.text, out)
				}
				kind := newMarker(it.text, out)
				at(kind).wrong++
				all.wrong++
			}
			continue
		}
		s := at(it.kind)
		s.items++
		all.items++
		if it.public {
			s.public++
		}
		if it.leaks(out) {
			t.Logf("missed %s: %s", it.kind, it.where)
			if testing.Verbose() {
				t.Logf("  %q\n  %q", it.text, out)
			}
			continue
		}
		s.found++
		all.found++
	}
	if n := all.items + negatives; n < 1000 || 2*public < n {
		t.Errorf("%d items, of which %d public; want at least 1000, half of them public", n, public)
	}
	checkScore(t, "all", all, minRecall, minPrecision)
	for kind, s := range byKind {
		checkScore(t, kind, *s, minRecall, minPrecision)
	}
	table := figures(byKind, all, negatives, public)
	t.Log("\n" + table)
	checkTable(t, table)
}

// newMarker returns the kind of the first marker in out that text does not have.
func newMarker(text, out string) string {
	for _, m := range anyMarker.FindAllStringSubmatch(out, -1) {
		if !strings.Contains(text, m[0]) {
			return m[1]
		}
	}
	return "none"
}

func checkScore(t *testing.T, name string, s score, recall, precision float64) {
	t.Helper()
	if s.recall() < recall || s.precision() < precision {
		t.Errorf("%s: recall %.4f, precision %.4f; want %.2f and %.2f", name, s.recall(), s.precision(), recall, precision)
	}
}

func figures(byKind map[string]*score, all score, negatives, public int) string {
	var b strings.Builder
	b.WriteString("| kind | items | public | found | false positives | recall | precision |\n|---|---|---|---|---|---|---|\n")
	row := func(name string, s score) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %.4f | %.4f |\n", name, s.items, s.public, s.found, s.wrong, s.recall(), s.precision())
	}
	var kinds []string
	for kind := range byKind {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		row(kind, *byKind[kind])
		all.public += byKind[kind].public
	}
	row("**all**", all)
	fmt.Fprintf(&b, "\n%d items: %d with secrets, %d look-alikes; %d of them from public sources.\n", all.items+negatives, all.items, negatives, public)
	return b.String()
}

const (
	docFile    = "../../docs/redaction.md"
	tableBegin = "<!-- figures: go test ./consent/redact -run Corpus -update -->\n"
	tableEnd   = "<!-- end of figures -->\n"
)

// checkTable holds the table in the docs against the figures, or writes it.
func checkTable(t *testing.T, table string) {
	t.Helper()
	doc, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(doc), tableBegin)
	old, tail, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the figures", docFile)
	}
	if old == table {
		return
	}
	if !*update {
		t.Errorf("%s has other figures; run this test with -update", docFile)
		return
	}
	if err := os.WriteFile(docFile, []byte(head+tableBegin+table+tableEnd+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What holds for every item whatever is in it: redacting again changes nothing, JSON stays JSON, and the lines before and
// after it stay.
func TestCorpusInvariants(t *testing.T) {
	r := newRedactor(t)
	for _, it := range corpus(t) {
		if it.mode == "text" {
			out := r.Text([]byte("first\n"+it.text+"\nlast"), false, 1<<20)
			if !strings.HasPrefix(out, "first\n") || !strings.HasSuffix(out, "\nlast") {
				t.Errorf("%s: the lines around it do not stay: %q", it.where, out)
			}
		}
		out := it.redact(r)
		again := it
		again.text = out
		if got := again.redact(r); got != out {
			t.Errorf("%s: redacting twice: %q, then %q", it.where, out, got)
		}
		if it.mode == "json" && json.Valid([]byte(it.text)) && !json.Valid([]byte(out)) {
			t.Errorf("%s: no longer JSON: %q", it.where, out)
		}
	}
}
