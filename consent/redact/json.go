package redact

import "strings"

// findJSON returns what has to go from s, which is JSON, whole or cut off, or may be no JSON at all.
//
// The detectors for text see s as it stands, since a pair "password":"x" looks the same in JSON and out of it. What they
// find is then fitted to the tokens: a replacement stays within one string, or takes one number whole. Besides, the
// walk over the tokens knows what text does not show: which strings have escapes, and what is nested under a name.
func (f *search) findJSON(s string, depth int) []span {
	if depth >= maxDepth {
		return f.findText(s, depth)
	}
	start := len(s) - len(strings.TrimLeft(s, " \t\r\n\ufeff"))
	if start == len(s) || strings.IndexByte("{[\"-0123456789", s[start]) < 0 {
		return f.findText(s, depth)
	}
	w := walker{f: f, s: s, depth: depth}
	if w.walk(start) < len(s) {
		return f.findText(s, depth)
	}
	if !f.take(s) {
		return nil
	}
	var spans []span
	f.findPlain(s, func(lo, hi int, kind Kind) { spans = append(spans, span{lo: lo, hi: hi, kind: kind}) })
	if depth < maxDepth {
		spans = append(spans, f.findWrapped(s, depth+1)...)
	}
	return append(w.spans, w.fit(spans)...)
}

// token is a string without its quotes, or a number.
type token struct {
	lo, hi  int
	number  bool
	escaped bool // a string with escapes: looked at through a view, not as it stands
}

// frame is an open object or array.
type frame struct {
	object  bool
	inherit Kind // what the name said that the object or array has, for what is in it
	kind    Kind // what the name of the current member says
	plural  bool // the name is a plural: numbers under it are counts
	jwk     bool // the name is that of a member of a JSON Web Key
	schema  bool // the current member describes a value and holds none
}

// walker goes over the tokens of a JSON text. It does not recurse, and it accepts more than JSON: what it does not
// understand is left to the detectors for text.
type walker struct {
	f      *search
	s      string
	depth  int
	flat   bool // look at names only; strings are looked at otherwise
	stack  []frame
	tokens []token
	spans  []span
}

// walk reads the JSON that begins at i and returns where it stopped: at the end of the text, or where the text stops
// being JSON. A flat walk also stops after the first value.
func (w *walker) walk(i int) int {
	key := false // the next string in an object is a name
	for i < len(w.s) {
		switch c := w.s[i]; {
		case isSpace(c):
			i++
		case c == '{' || c == '[':
			w.push(c == '{')
			key = c == '{'
			i++
		case c == '}' || c == ']':
			if len(w.stack) == 0 {
				return i
			}
			w.stack = w.stack[:len(w.stack)-1]
			key = false
			i++
			if w.flat && len(w.stack) == 0 {
				return i
			}
		case c == ',':
			if len(w.stack) == 0 {
				return i
			}
			key = w.stack[len(w.stack)-1].object
			i++
		case c == ':':
			i++
		case c == '"':
			end := stringEnd(w.s, i+1)
			w.str(token{lo: i + 1, hi: end, escaped: strings.IndexByte(w.s[i+1:end], '\\') >= 0}, key)
			key = false
			i = end + 1
		case isDigit(c) || c == '-':
			end := i
			for end < len(w.s) && (isWord(w.s[end]) || strings.IndexByte("+-.", w.s[end]) >= 0) {
				end++
			}
			w.number(token{lo: i, hi: end, number: true})
			i = end
		case isLower(c):
			n := literalLen(w.s[i:])
			if n == 0 {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return len(w.s)
}

// literalLen returns the length of true, false or null, or of what a cut left of it, at the beginning of s.
func literalLen(s string) int {
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s, word) || strings.HasPrefix(word, s) {
			return min(len(word), len(s))
		}
	}
	return 0
}

// stringEnd returns the position of the quote that closes the string that begins at i, the text's end if none does.
func stringEnd(s string, i int) int {
	for i < len(s) {
		n := strings.IndexAny(s[i:], `"\`)
		if n < 0 {
			return len(s)
		}
		i += n
		if s[i] == '"' {
			return i
		}
		i += 2
	}
	return len(s)
}

// push opens an object or array. It inherits what the name before it says; a name of its own wins.
func (w *walker) push(object bool) {
	f := frame{object: object}
	if n := len(w.stack); n > 0 {
		f.inherit = w.stack[n-1].current()
	}
	w.stack = append(w.stack, f)
}

// current is what the names around a value say it is.
func (f frame) current() Kind {
	switch {
	case !f.object:
		return f.inherit
	case f.schema:
		return ""
	case f.kind != "":
		return f.kind // its own name wins
	}
	return f.inherit
}

// current is what the names around the current value say it is.
func (w *walker) current() Kind {
	if len(w.stack) == 0 {
		return ""
	}
	return w.stack[len(w.stack)-1].current()
}

func (w *walker) str(t token, key bool) {
	w.tokens = append(w.tokens, t)
	text := w.s[t.lo:t.hi]
	if t.escaped {
		v := unescape(text)
		text = string(v.text)
		if !w.flat {
			w.spans = append(w.spans, v.back(w.f.findJSON(text, w.depth+1), t.lo)...)
		}
	}
	if key {
		f := &w.stack[len(w.stack)-1]
		f.kind, f.schema, f.jwk, f.plural = keyKind(text), describesValue(text), isKeyMaterial(text), isPlural(text)
		return
	}
	if n := len(w.stack); n > 0 && w.stack[n-1].jwk && len(text) >= 32 && randomWord(strings.Map(dropDashes, text)) {
		w.spans = append(w.spans, span{lo: t.lo, hi: t.hi, kind: KindPrivateKey})
		return
	}
	if kind := certain(w.current(), text); kind != "" && secretString(kind, text, w.name()) {
		w.spans = append(w.spans, span{lo: t.lo, hi: t.hi, kind: kind})
	}
}

// name tells whether the current value is a member's own, not an element or something nested.
func (w *walker) name() bool {
	f := w.stack[len(w.stack)-1]
	return f.object && f.kind != ""
}

func dropDashes(c rune) rune {
	if c == '-' || c == '_' {
		return -1
	}
	return c
}

// describesValue tells the members of a JSON Schema, and others that say something about a secret without being one.
func describesValue(name string) bool {
	return oneOf(name, "type", "description", "title", "format", "enum", "required", "name", "id", "url", "status", "label", "kind",
		"created_at", "updated_at", "createdAt", "updatedAt", "expires_at", "expiresAt", "placeholder", "pattern", "examples",
		"$ref", "provider", "scope", "scopes", "message", "reason")
}

func isPlural(name string) bool { return strings.HasSuffix(name, "s") || strings.HasSuffix(name, "S") }

// isKeyMaterial tells the members of a JSON Web Key that hold the private part (RFC 7518, section 6).
func isKeyMaterial(name string) bool { return oneOf(name, "d", "p", "q", "dp", "dq", "qi", "k") }

// secretString decides whether a string under a name of kind goes. Own says that the name is the value's own.
func secretString(kind Kind, text string, own bool) bool {
	switch {
	case isPlaceholder(text):
		return false
	case kind == KindKey && !own:
		return len(text) >= 12 && hasDigitOrSign(text)
	case kind == KindPhone || kind == KindCard:
		return countDigits(text) >= 7
	case kind == KindPIN && !own, kind == KindCookie && !own && len(text) < 4:
		return false
	case kind == KindConnection:
		return strings.ContainsAny(text, "=@:;")
	}
	return !isPath(text) || kind == KindKey // base64 may begin like a path
}

// number looks at a number under a name. Where the name says token or key it must be one that counts nothing.
func (w *walker) number(t token) {
	w.tokens = append(w.tokens, t)
	kind := w.current()
	if kind == "" || kind == kindMaybe || !w.name() {
		return
	}
	switch n := countDigits(w.s[t.lo:t.hi]); kind {
	case KindPhone, KindCard:
		if n < 7 {
			return
		}
	case KindToken, KindKey, KindCookie, KindAuthorization, KindConnection:
		if n < 6 || w.stack[len(w.stack)-1].plural {
			return
		}
	case KindPIN, KindID:
		if n < 3 {
			return
		}
	}
	w.spans = append(w.spans, span{lo: t.lo, hi: t.hi, kind: kind, quote: `"`})
}

// fit cuts spans that were found in the text as it stands to the tokens: nothing of the syntax may go. Strings with
// escapes are left out, they were looked at through a view.
func (w *walker) fit(spans []span) []span {
	var out []span
	for _, sp := range spans {
		for i := w.tokenAt(sp.lo); i < len(w.tokens) && w.tokens[i].lo < sp.hi; i++ {
			switch t := w.tokens[i]; {
			case t.number:
				out = append(out, span{lo: t.lo, hi: t.hi, kind: sp.kind, quote: `"`})
			case !t.escaped:
				out = append(out, span{lo: max(sp.lo, t.lo), hi: min(sp.hi, t.hi), kind: sp.kind})
			}
		}
	}
	return out
}

// tokenAt returns the index of the first token that ends after i.
func (w *walker) tokenAt(i int) int {
	lo, hi := 0, len(w.tokens)
	for lo < hi {
		if mid := (lo + hi) / 2; w.tokens[mid].hi <= i {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
