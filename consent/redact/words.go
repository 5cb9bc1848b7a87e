package redact

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// wordsFile holds the word lists that the detectors use, and says what each is for.
//
//go:embed words.txt
var wordsFile string

// words is the parsed file. Parsing waits for the first use: a process that captures no content and sees only plain
// names pays for the issuers' prefixes and nothing else worth mentioning. It panics if the file, which is part of the
// program, has an error; every test would fail then.
var words = sync.OnceValue(func() *lexicon {
	l := &lexicon{names: map[string][]nameRule{}, lists: map[string]map[string]bool{}}
	for line := range strings.Lines(wordsFile) {
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
			l.add(f[0], f[1:])
		}
	}
	for _, list := range l.issuers {
		slices.SortStableFunc(list, func(a, b issuer) int { return len(b.prefix) - len(a.prefix) })
	}
	return l
})

// lexicon is what words.txt says.
type lexicon struct {
	names       map[string][]nameRule
	endings     []nameRule
	lists       map[string]map[string]bool
	expressions []string
	issuers     [1024][]issuer // by the first two bytes of the prefix, the longest first
}

// nameRule says which kind of value a name has that contains, or ends in, the word.
type nameRule struct {
	word   string
	kind   Kind
	last   bool     // only if the word is the last of the name
	after  []string // only after one of these; empty: after any
	unless []string // not after one of these
}

// issuer is the beginning of an issuer's tokens.
type issuer struct {
	prefix string
	length int    // how many token characters follow at least
	use    string // issuer, prefix or maybe, as words.txt explains
}

func (l *lexicon) add(use string, f []string) {
	switch use {
	case "name":
		l.addNames(strings.Join(f, " "))
	case "ending":
		for _, w := range f[1:] {
			l.endings = append(l.endings, nameRule{word: w, kind: Kind(f[0])})
		}
	case "describes":
		l.addList("describes "+f[0], f[1:])
	case "expression":
		l.expressions = append(l.expressions, f...)
	case "issuer", "prefix", "maybe":
		length, err := strconv.Atoi(f[0])
		if err != nil {
			panic(err)
		}
		for _, p := range f[1:] {
			slot := indexSlot(p[0], p[1])
			l.issuers[slot] = append(l.issuers[slot], issuer{p, length, use})
		}
	case "schema", "placeholder", "prose", "code", "shared", "extension", "suffix",
		"harmless", "scheme", "ident", "telling", "control":
		l.addList(use, f)
	default:
		panic("words.txt: unknown entry " + use)
	}
}

// addNames adds what follows "name" in a line: the kind, the place, the words, and what may stand before them.
func (l *lexicon) addNames(line string) {
	line, unless, _ := strings.Cut(line, " unless ")
	line, after, _ := strings.Cut(line, " after ")
	f := strings.Fields(line)
	rule := nameRule{
		kind: Kind(f[0]), last: f[1] == "last", after: strings.Fields(after), unless: strings.Fields(unless),
	}
	for _, w := range f[2:] {
		rule.word = w
		l.names[w] = append(l.names[w], rule)
	}
}

func (l *lexicon) addList(name string, list []string) {
	if l.lists[name] == nil {
		l.lists[name] = map[string]bool{}
	}
	for _, w := range list {
		l.lists[name][w] = true
	}
}

// listed reports whether w is in a list of words.txt.
func listed(list, w string) bool { return words().lists[list][w] }
