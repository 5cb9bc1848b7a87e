package otlp

import (
	"net/url"
	"slices"
	"strings"
	"sync"
)

// minCredential is the length, in bytes, from which a word of a header counts as a secret. Shorter words are such as
// "Bearer".
const minCredential = 8

// maxSecrets bounds how many words are remembered: a file of headers may be replaced every few minutes.
const maxSecrets = 1000

// secrets hides what a collector may quote of headers and endpoints. It is safe for concurrent use.
type secrets struct {
	mu       sync.Mutex
	known    map[string]bool // nil without any
	pairs    []string        // words and what is shown instead, by turns
	replacer *strings.Replacer
}

// hideHeader hides the words of a header's value from now on.
func (s *secrets) hideHeader(value string) {
	for word := range strings.FieldsSeq(value) {
		s.hide(word, "[redacted:header]")
	}
}

func (s *secrets) hide(word, marker string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(word) < minCredential || s.known[word] {
		return
	}
	if len(s.pairs) >= 2*maxSecrets {
		delete(s.known, s.pairs[0])
		s.pairs = s.pairs[2:]
	}
	if s.known == nil {
		s.known = map[string]bool{}
	}
	s.known[word], s.pairs, s.replacer = true, append(s.pairs, word, marker), nil
}

// Replace returns a text without the secrets.
func (s *secrets) Replace(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replacer == nil {
		words := slices.Collect(slices.Chunk(s.pairs, 2))
		slices.SortFunc(words, func(a, b []string) int { return len(b[0]) - len(a[0]) }) // one may begin with another
		s.replacer = strings.NewReplacer(slices.Concat(words...)...)
	}
	return s.replacer.Replace(text)
}

// bounded returns what a collector says without the secrets, cut to what fits on a line. A secret that was cut first would not be
// recognized.
func (s *secrets) bounded(text string) string {
	const limit = 300
	if s != nil {
		text = s.Replace(text)
	}
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}

// urlSecrets returns the parts of an endpoint that may be secrets, as they are written and decoded.
func urlSecrets(endpoint string) []string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme == "unix" {
		return nil
	}
	isDelimiter := func(c rune) bool { return strings.ContainsRune("/?&=:@#", c) }
	return append(strings.FieldsFunc(u.EscapedPath()+"?"+u.RawQuery+"?"+u.User.String(), isDelimiter),
		strings.FieldsFunc(u.Path+"?"+u.Query().Encode(), isDelimiter)...)
}
