package redact

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Config says what a Redactor removes besides what its detectors know. The zero value is useful.
type Config struct {
	Patterns []Pattern // the user's own rules
	Home     string    // home directory of the current user; its last element is removed wherever the path occurs
	User     string    // name of the current user, removed as a word; shorter than 3 bytes is ignored
	Keys     []string  // paths of the only members that Members keeps, such as query and filter.name; empty: all
	Secrets  bool      // only secrets: user names and addresses stay, for a reader who knows them, such as the user
}

// Pattern is a rule of the user's own. What the expression matches is replaced by [redacted:Name]; if it has a
// capturing group that matched, only the first such group is.
type Pattern struct {
	Name   string // lower-case letters, digits and dashes, at most 32 bytes
	Regexp string // in the syntax of Go's regexp package
}

// Redactor removes secrets and personal data. It is immutable and safe for concurrent use. A nil Redactor lets nothing
// through.
type Redactor struct {
	engine engine
	keys   keySet
}

// New returns a Redactor. It fails if a pattern has no usable name or expression, or a key an empty part. The error
// names the pattern and the reason, never the expression, which may itself be the secret.
func New(cfg Config) (*Redactor, error) {
	e := engine{user: newPerson(cfg.Home, cfg.User), rules: rules(), markers: markers{}, secrets: cfg.Secrets}
	for _, k := range Kinds() {
		e.markers[k] = true
	}
	for i, p := range cfg.Patterns {
		own, err := p.compile()
		if err != nil {
			return nil, fmt.Errorf("redaction pattern %d: %w", i+1, err)
		}
		e.own = append(e.own, own)
		e.markers[own.kind] = true
	}
	keys, err := newKeys(cfg.Keys)
	if err != nil {
		return nil, err
	}
	return &Redactor{e, keys}, nil
}

func (p Pattern) compile() (ownPattern, error) {
	if p.Name == "" || len(p.Name) > maxKindLen || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return ownPattern{}, fmt.Errorf("the name must be 1 to %d lower-case letters, digits or dashes", maxKindLen)
	}
	re, err := regexp.Compile(p.Regexp)
	if err != nil {
		return ownPattern{}, fmt.Errorf("the expression of %s does not compile", p.Name)
	}
	if re.MatchString("") {
		return ownPattern{}, fmt.Errorf("the expression of %s matches the empty string", p.Name)
	}
	return ownPattern{Kind(p.Name), re}, nil
}

// Text redacts text, such as an error message, a line of stderr or a URI, and cuts the result to at most limit bytes.
//
// If truncated, s was cut off at its end when it was captured. The token that touches the end is then removed, so
// that no half of a secret is left.
func (r *Redactor) Text(s []byte, truncated bool, limit int) string {
	return r.redact(s, truncated, limit, (*pass).text)
}

// JSON redacts a JSON value by key and by value, and cuts the result to at most limit bytes. A number that is removed
// becomes a string, and so does a value that is replaced as a whole. The result is valid JSON if raw is and nothing was
// cut. The order of members, duplicates, and numbers that stay are kept as written.
//
// What is not JSON, as a whole or from some point on because it was cut off, is redacted as text.
func (r *Redactor) JSON(raw []byte, truncated bool, limit int) string {
	out := r.redact(raw, truncated, limit, (*pass).document)
	if out == KindContent.Marker() && json.Valid(raw) {
		return cut(quote(out), limit)
	}
	return out
}

// Members redacts like JSON, and keeps only the members that Config.Keys allows, if it has any. It leaves out
// everything else, including names, and allowed values that raw does not hold to their end. The result is "" if nothing
// is left.
func (r *Redactor) Members(raw []byte, truncated bool, limit int) string {
	if r == nil || len(r.keys) == 0 {
		return r.JSON(raw, truncated, limit)
	}
	return r.JSON([]byte(r.keys.pick(raw)), false, limit)
}

// maxPasses bounds how often a text is redacted. The corpora need three passes at most.
const maxPasses = 4

// redact redacts b with method until a pass changes nothing. Only then would redacting the result again not change it.
// Most texts take one pass, and two if anything is removed: a replacement or a cut changes what stands beside the
// rest, which may now look like something else. Half of the placeholder ${TOKEN} reads as a token. A text that does not
// settle is replaced as a whole.
func (r *Redactor) redact(b []byte, truncated bool, limit int, method func(p *pass, s string) string) string {
	whole := cut(KindContent.Marker(), limit)
	if r == nil {
		return whole
	}
	// All that follows may take s apart at any character, and encoding/json would replace invalid bytes on its own.
	s := strings.ToValidUTF8(string(b), string(utf8.RuneError))
	if truncated {
		s = edge(s)
	}
	for range maxPasses {
		p := newPass(&r.engine, workFactor*len(s)+workFloor)
		out := cut(method(p, s), limit)
		if p.left < 0 {
			return whole
		}
		if out == s {
			return out
		}
		s = out
	}
	return whole
}
