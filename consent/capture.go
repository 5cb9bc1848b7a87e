package consent

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Level is a kind of content that is captured, redacted, on request.
type Level string

// The levels, as they are written in SPANPIPE_CAPTURE.
const (
	Errors    Level = "errors"    // error messages, and the text of results with isError
	Arguments Level = "arguments" // of tool calls
	Results   Level = "results"   // of tool calls
	Prompts   Level = "prompts"   // arguments and messages of prompts, messages of sampling
	URIs      Level = "uris"      // of resources
	Messages  Level = "messages"  // notifications/message from the server, as log records
	Stderr    Level = "stderr"    // the server's stderr, as log records

	// Definitions are the texts of tools, prompts, resource templates and instructions, which stay on this machine: with
	// the sink Local they are kept, and no sink sends them.
	Definitions Level = "definitions"
)

// none in SPANPIPE_CAPTURE asks for no content. It wins over levels in the same list, as off does in
// SPANPIPE_TELEMETRY.
const none = "none"

var levels = []Level{Errors, Arguments, Results, Prompts, URIs, Messages, Stderr, Definitions}

// Levels returns all levels, in the order in which they are documented.
func Levels() []Level { return slices.Clone(levels) }

// The bounds of SPANPIPE_CAPTURE_MAX, in bytes.
const (
	DefaultCaptureMax = 4 << 10
	minCaptureMax     = 64
	maxCaptureMax     = 64 << 10
)

// Pattern is a redaction rule of the user's own, from SPANPIPE_REDACT.
type Pattern struct {
	Name   string // lower-case letters, digits and dashes, at most 32 bytes
	Regexp string // in the syntax of Go's regexp package; does not match the empty string
}

// Capture says which content may be collected, and what has to be removed from it. It is immutable and safe for
// concurrent use. The zero Capture allows no content.
type Capture struct {
	levels     []Level
	keys       []string
	max        int
	patterns   []Pattern
	home, user string
}

// Any reports whether any content may be collected.
func (c Capture) Any() bool { return len(c.levels) > 0 }

// Has reports whether content of the level may be collected.
func (c Capture) Has(l Level) bool { return slices.Contains(c.levels, l) }

// Levels returns which levels may be collected.
func (c Capture) Levels() []Level { return slices.Clone(c.levels) }

// Keys returns the only members of arguments and results that may be collected, as paths such as "filter.name". It is
// empty if all members may be.
func (c Capture) Keys() []string { return slices.Clone(c.keys) }

// Max returns how many bytes of each piece of content may be collected.
func (c Capture) Max() int { return c.max }

// Patterns returns the user's own redaction rules. They compile.
func (c Capture) Patterns() []Pattern { return slices.Clone(c.patterns) }

// Home returns the current user's home directory, which has to be redacted.
func (c Capture) Home() string { return c.home }

// User returns the current user's name, which has to be redacted.
func (c Capture) User() string { return c.user }

// parseCapture parses the three privacy variables. An error in any of them, which it names, disables capture
// altogether: a typing error must not let through more than the user meant.
func parseCapture(r Request) (c Capture, variable string, err error) {
	c.home, c.user = r.Home, r.User
	if err := c.parseLevels(r.Capture); err != nil {
		return Capture{}, "SPANPIPE_CAPTURE", err
	}
	if c.max, err = parseMax(r.CaptureMax); err != nil {
		return Capture{}, "SPANPIPE_CAPTURE_MAX", err
	}
	if c.patterns, err = parsePatterns(r.Redact); err != nil {
		return Capture{}, "SPANPIPE_REDACT", err
	}
	if !c.Any() {
		return Capture{}, "", nil
	}
	return c, "", nil
}

// parseLevels parses a comma-separated list of levels. It may end in keys:a,b.c, which allows only those members.
func (c *Capture) parseLevels(s string) error {
	list, keys, limited := strings.Cut(s, "keys:")
	if limited {
		for key := range strings.SplitSeq(keys, ",") {
			key = strings.TrimSpace(key)
			level := Level(strings.ToLower(key))
			if slices.Contains(levels, level) || slices.Contains(strings.Split(key, "."), "") {
				return fmt.Errorf("keys: in %s must come last, followed by names of members, such as keys:query,filter.name",
					Quote(s))
			}
			c.keys = append(c.keys, key)
		}
	}
	words := fields(list)
	for _, word := range words {
		switch level := Level(word); {
		case word == none:
		case !slices.Contains(levels, level):
			return fmt.Errorf("unknown kind of content %s: want a comma-separated list of %s",
				Quote(word), join(levels))
		case !c.Has(level):
			c.levels = append(c.levels, level)
		}
	}
	if slices.Contains(words, none) {
		c.levels = nil
	}
	if limited && !c.Has(Arguments) && !c.Has(Results) && !c.Has(Prompts) {
		return fmt.Errorf("keys: in %s applies to arguments, results and prompts: add one of them, or remove the keys", Quote(s))
	}
	return nil
}

func parseMax(s string) (int, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return DefaultCaptureMax, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < minCaptureMax || n > maxCaptureMax {
		return 0, fmt.Errorf("invalid size %s: want a number of bytes from %d to %d",
			Quote(s), minCaptureMax, maxCaptureMax)
	}
	return n, nil
}

// parsePatterns parses the user's own rules, one per line: name=expression. No error quotes a line, because the text
// that a user wants to hide may stand in it.
func parsePatterns(s string) ([]Pattern, error) {
	var out []Pattern
	n := 0
	for line := range strings.Lines(s) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, expression, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d: want name=expression", n)
		}
		p := Pattern{Name: strings.TrimSpace(name), Regexp: strings.TrimSpace(expression)}
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// check reports whether the redactor can use the pattern. The name becomes part of a marker, [redacted:name].
func (p Pattern) check() error {
	const maxName = 32
	if p.Name == "" || len(p.Name) > maxName || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("the name must be 1 to %d lower-case letters, digits or dashes", maxName)
	}
	re, err := regexp.Compile(p.Regexp)
	if err != nil {
		return fmt.Errorf("the expression of %s does not compile: want the syntax of Go's regexp package", p.Name)
	}
	if re.MatchString("") {
		return fmt.Errorf("the expression of %s matches the empty string: want one that does not", p.Name)
	}
	return nil
}
