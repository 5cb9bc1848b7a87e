package otlp

import (
	"net/url"
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
	known    map[string]bool
	pairs    []string // words and what is shown instead, by turns
	replacer *strings.Replacer
}

// newSecrets returns secrets that hide every word of the headers that the environment sets for the exporters, and of the
// endpoints' user, path and query. Header values are percent-encoded there; a collector quotes them decoded.
func newSecrets(lookup lookupFunc) *secrets {
	s := &secrets{known: map[string]bool{}}
	for _, name := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		for header := range strings.SplitSeq(lookup.get(variablePrefix+name+"HEADERS"), ",") {
			_, value, _ := strings.Cut(header, "=")
			if decoded, err := url.PathUnescape(value); err == nil {
				value = decoded
			}
			s.hideHeader(value)
		}
		for _, word := range urlSecrets(lookup.get(variablePrefix + name + "ENDPOINT")) {
			s.hide(word, "[redacted:url]")
		}
	}
	return s
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
	s.known[word], s.pairs, s.replacer = true, append(s.pairs, word, marker), nil
}

// Replace returns a text without the secrets.
func (s *secrets) Replace(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replacer == nil {
		s.replacer = strings.NewReplacer(s.pairs...)
	}
	return s.replacer.Replace(text)
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
