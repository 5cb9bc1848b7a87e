package session

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// codes are the error codes that JSON-RPC 2.0 (section 5.1) and MCP's schemas fix the meaning of. Those from -32020 to
// -32022 are of 2026-07-28: header mismatch, missing client capability, unsupported protocol version. Others mean what
// their server wants: -32001 is a timeout in one SDK and a lost session in the next (modelcontextprotocol/python-sdk#1821),
// -1 is what some servers send for everything.
var codes = map[string]record.Class{
	"-32700": record.InvalidParams, "-32600": record.InvalidParams, "-32602": record.InvalidParams,
	"-32601": record.NotFound,
	"-32042": record.Authentication, // URL elicitation required (2025-11-25)
	"-32020": record.InvalidParams, "-32021": record.InvalidParams, "-32022": record.InvalidParams,
}

// fallbacks are the classes of codes with a meaning that a text can still make more precise. Resource not found is in
// the range that JSON-RPC leaves to servers, and other servers send it when they are not initialized.
var fallbacks = map[string]record.Class{"-32002": record.NotFound, "-32603": record.Internal}

// classify returns the class of an error: from its code if that has a fixed meaning, else from the first bytes of its
// text, else fallback.
func classify(code string, text []byte, fallback record.Class) record.Class {
	if c, ok := codes[code]; ok {
		return c
	}
	if c, ok := fallbacks[code]; ok {
		fallback = c
	}
	var w words
	defer clear(w.text[:]) // no content stays in memory for longer than it is needed
	text = text[:min(len(text), maxReason)]
	for _, pass := range []struct {
		masked bool
		least  strength
	}{
		{true, status},
		{false, status}, // what is quoted may be the error itself
		{true, weakest},
	} {
		w.read(text, pass.masked)
		if c, ok := w.class(pass.least); ok {
			return c
		}
	}
	return fallback
}

// timedOut reports whether the reason of a cancellation reads like a timeout, as the TypeScript SDK's "Request timed
// out" does.
func timedOut(reason []byte) bool { return classify("", reason, record.Cancelled) == record.Timeout }

// strength is how much a phrase says. A stronger one counts wherever in the text it is: "401 Unauthorized" is also the
// status of a request over its quota, and "timeout" may be the name of a parameter.
type strength int

const (
	whole   strength = iota // a phrase that names the error
	status                  // a status of HTTP
	weakest                 // a word
)

// phrase is words that tell a class. The first is looked up; any stands for one word.
type phrase struct {
	words    []string
	class    record.Class
	strength strength
}

//go:embed phrases.txt
var phrasesText string

// phrases are those of phrases.txt by their first word, and under anyWord those that begin with any.
var phrases = sync.OnceValue(func() map[string][]phrase {
	table := map[string][]phrase{}
	for line := range strings.Lines(phrasesText) {
		about, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || about[0] == '#' {
			continue
		}
		p := phrase{class: record.Class(about)}
		if kind, class, ok := strings.Cut(about, " "); ok {
			p.class, p.strength = record.Class(class), status
			if kind == "word" {
				p.strength = weakest
			}
		}
		for text := range strings.SplitSeq(list, ",") {
			if p.words = strings.Fields(text); len(p.words) > 0 {
				table[p.words[0]] = append(table[p.words[0]], p)
			}
		}
	}
	return table
})

// class returns the class that the words tell with a phrase of at least the given strength: the strongest one's, of
// equals the first one's in the text, since what follows it is detail, and of those the longest one's.
func (w *words) class(least strength) (found record.Class, ok bool) {
	best, length := least+1, 0
	for i := range w.n {
		for _, p := range phrases()[string(w.word(i))] {
			if p.strength > least || !w.match(i, p.words) {
				continue
			}
			if p.strength < best || p.strength == best && length < len(p.words) && i == w.at {
				best, length, found, w.at = p.strength, len(p.words), p.class, i
			}
		}
		if c := w.httpStatus(i); c != "" && status < best && status <= least {
			best, length, found, w.at = status, 1, c, i
		}
	}
	return found, best <= least
}

// match reports whether the words from the given one on are those of a phrase.
func (w *words) match(i int, phrase []string) bool {
	if i+len(phrase) > w.n {
		return false
	}
	for k, want := range phrase {
		if got := w.word(i + k); string(got) != want && (want != anyWord || string(got) == sentenceEnd) {
			return false
		}
	}
	return true
}

// httpStatus returns the class of a status of HTTP at the given word, if another one says that it is a status: a bare
// 404 may be a port or a count.
func (w *words) httpStatus(i int) record.Class {
	number := w.word(i)
	if len(number) != 3 || number[0] < '4' || number[0] > '5' || i == 0 {
		return ""
	}
	switch before := string(w.word(i - 1)); before {
	case "status", "code", "http", "error", "statuscode", "returned", "response", anyWord:
	case "1":
		if i < 2 || string(w.word(i-2)) != "http" && string(w.word(i-2)) != "1" { // HTTP/1.1 404
			return ""
		}
	default:
		return ""
	}
	switch string(number) {
	case "401", "407":
		return record.Authentication
	case "402", "403", "451":
		return record.Permission
	case "404", "410":
		return record.NotFound
	case "408", "504", "524":
		return record.Timeout
	case "429":
		return record.RateLimited
	case "499":
		return record.Cancelled
	case "500", "501":
		return record.Internal
	}
	if number[0] == '4' {
		return record.InvalidParams
	}
	return record.Unavailable
}
