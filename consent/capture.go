package consent

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spanpipe/spanpipe/consent/redact"
)

// Level is a kind of content that can be captured, redacted, on request.
type Level string

// The levels, as they are written in SPANPIPE_CAPTURE.
const (
	Errors    Level = "errors"    // error messages, and the text of results with isError
	Arguments Level = "arguments" // of tool calls
	Results   Level = "results"   // of tool calls
	Prompts   Level = "prompts"   // arguments and messages of prompts, messages of sampling
	URIs      Level = "uris"      // of resources
	Messages  Level = "messages"  // the server's notifications/message, as log records
	Stderr    Level = "stderr"    // the server's stderr, as log records
)

var levels = []Level{Errors, Arguments, Results, Prompts, URIs, Messages, Stderr}

// Levels returns all levels, in the order in which they are documented.
func Levels() []Level { return slices.Clone(levels) }

// The bounds of SPANPIPE_CAPTURE_MAX, in bytes.
const (
	DefaultCaptureMax = 4 << 10
	leastCaptureMax   = 64
	mostCaptureMax    = 64 << 10
)

// Capture is what content may be collected: none, or what was asked for, each piece redacted and cut to Max bytes. It is
// immutable and safe for concurrent use. The zero Capture is none.
type Capture struct {
	levels   []Level
	keys     []string
	only     *redact.Keys
	max      int
	redactor *redact.Redactor
}

// Any says whether any content may be collected.
func (c Capture) Any() bool { return len(c.levels) > 0 }

// Has says whether content of the level may be collected.
func (c Capture) Has(l Level) bool { return slices.Contains(c.levels, l) }

// Levels returns what may be collected.
func (c Capture) Levels() []Level { return slices.Clone(c.levels) }

// Keys returns the only members of arguments and results that may be collected, or none if all may.
func (c Capture) Keys() []string { return slices.Clone(c.keys) }

// Only returns the same for the redactor, or nil if all members may be collected.
func (c Capture) Only() *redact.Keys { return c.only }

// Max is how many bytes of each piece may be collected.
func (c Capture) Max() int { return c.max }

// Redactor returns what every piece of content must go through before it is stored, shown or sent. It is nil exactly
// if no content may be collected.
func (c Capture) Redactor() *redact.Redactor { return c.redactor }

// capture reads the three privacy variables. If any of them cannot be understood there is no capture at all: a typing
// error must not let more through than was meant.
func capture(r Request) (c Capture, variable string, err error) {
	if c, err = captureLevels(r.Capture); err != nil {
		return Capture{}, "SPANPIPE_CAPTURE", err
	}
	if c.max, err = captureMax(r.CaptureMax); err != nil {
		return Capture{}, "SPANPIPE_CAPTURE_MAX", err
	}
	own, err := patterns(r.Redact)
	if err != nil {
		return Capture{}, "SPANPIPE_REDACT", err
	}
	if !c.Any() {
		return Capture{}, "", nil
	}
	if c.redactor, err = redact.New(redact.Config{Patterns: own, Home: r.Home, User: r.User}); err != nil {
		return Capture{}, "SPANPIPE_REDACT", err
	}
	return c, "", nil
}

// captureLevels reads a comma list of levels. keys:a,b.c, at its end, allows only those members of arguments and results.
func captureLevels(s string) (Capture, error) {
	var c Capture
	if strings.TrimSpace(s) == "" {
		return c, nil
	}
	list, keys, limited := strings.Cut(s, "keys:")
	if limited {
		for key := range strings.SplitSeq(keys, ",") {
			if key = strings.TrimSpace(key); key == "" || slices.Contains(levels, Level(strings.ToLower(key))) {
				return Capture{}, errors.New("keys: must come last, with the names of members behind it, such as keys:query,limit")
			}
			c.keys = append(c.keys, key)
		}
		var err error
		if c.only, err = redact.NewKeys(c.keys...); err != nil {
			return Capture{}, err
		}
	}
	for _, word := range fields(list) {
		level := Level(word)
		if word == "none" {
			continue
		}
		if !slices.Contains(levels, level) {
			return Capture{}, fmt.Errorf("%s is no kind of content; use a comma list of %s", quote(word), join(levels))
		}
		if !slices.Contains(c.levels, level) {
			c.levels = append(c.levels, level)
		}
	}
	if limited && !c.Has(Arguments) && !c.Has(Results) && !c.Has(Prompts) {
		return Capture{}, errors.New("keys: limits arguments, results and prompts, none of which is asked for")
	}
	return c, nil
}

func captureMax(s string) (int, error) {
	if strings.TrimSpace(s) == "" {
		return DefaultCaptureMax, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < leastCaptureMax || n > mostCaptureMax {
		return 0, fmt.Errorf("cannot be %s; use a number of bytes from %d to %d", quote(s), leastCaptureMax, mostCaptureMax)
	}
	return n, nil
}

// patterns reads the user's own rules, one a line: name=expression.
func patterns(s string) ([]redact.Pattern, error) {
	var out []redact.Pattern
	n := 0
	for line := range strings.Lines(s) {
		n++
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, expression, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d is not of the form name=expression", n) // never the text: it may be the secret
		}
		out = append(out, redact.Pattern{Name: strings.TrimSpace(name), Regexp: strings.TrimSpace(expression)})
	}
	return out, nil
}
