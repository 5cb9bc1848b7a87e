package redact

import "strings"

// findFlags emits the values of command-line flags that stand apart from them: --password x, "--token","x".
func findFlags(s string, emit emitter) {
	for at := 0; ; {
		i := strings.Index(s[at:], "--")
		if i < 0 {
			return
		}
		lo := at + i + len("--")
		hi := run(s, lo, maxKey, func(c byte) bool { return isToken(c) || c == '.' || c >= 0x80 })
		at = hi
		if hi == lo || hi == len(s) || !has(" \"',", s[hi]) {
			continue
		}
		kind := keyKind(s[lo:hi])
		if kind == "" {
			continue
		}
		lo = run(s, hi, 8, func(c byte) bool { return has(" \"',", c) })
		end := wordEnd(s, lo)
		if c := s[lo-1]; c == '"' || c == '\'' {
			end = quotedEnd(s, lo, s[lo-1:lo])
		}
		// Behind a flag without a value stands the next flag, or the rest of a usage text.
		v := s[lo:min(end, lo+maxJudged)]
		if v == "" || v[0] == '-' || isPlaceholder(v) || isReference(v) || isProse(v) {
			continue
		}
		if kind = certain(kind, v); kind != "" {
			emit(lo, end, kind)
		}
	}
}

// findSentences emits what a sentence states a secret to be: "the password is hunter2". A value of letters alone is
// taken for a word of the sentence.
func (p *pairs) findSentences() {
	s, emit := p.s, p.emit
	const verb = " is "
	for at := 0; ; {
		i := strings.Index(s[at:], verb)
		if i < 0 {
			return
		}
		i += at
		at = i + len(verb) - 1
		f, ok := nameBefore(s, i)
		if !ok {
			continue
		}
		kind := p.pairKind(f)
		if kind == "" || kind == kindMaybe || kind == KindPhone {
			continue
		}
		lo := i + len(verb)
		if open := quoteAt(s, lo); open != "" {
			emit(lo+len(open), quotedEnd(s, lo+len(open), open), kind)
			continue
		}
		hi := wordEnd(s, lo)
		for hi > lo && has(".,!?", s[hi-1]) {
			hi--
		}
		if hasDigitOrSign(s[lo:hi]) && hi-lo >= 4 {
			emit(lo, hi, kind)
		}
	}
}

// findSpaced emits values that only white space, an arrow or the line of a table separates from their names, if they look
// random: git config acme.token k3y…, password -> k3y…. After the verb of a command any other word with a digit will do:
// setx NAME Summer2024.
func (p *pairs) findSpaced() {
	s := p.s
	for i := 1; i < len(s); i++ {
		if !isBlank(s[i]) || !isNameLetter(s[i-1]) {
			continue
		}
		lo := run(s, i, 16, func(c byte) bool { return isBlank(c) || has("|->", c) })
		lo += len(quoteAt(s, lo))
		hi := run(s, lo, maxKey, func(c byte) bool { return c > ' ' && !has("\"'`<>,;|", c) })
		v := s[lo:hi]
		if !isListedSecret(v) {
			continue
		}
		f, _ := nameBefore(s, i)
		kind := p.names.kind(s[f.lo:f.hi])
		if kind == "" || kind == kindMaybe || !isGiven(v) && !behindVerb(s[:f.lo]) || !isSecret(v, kind) || isReference(v) {
			continue
		}
		p.emit(lo, hi, kind)
		i = hi - 1
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isGiven reports whether a word looks as if a generator had made it: letters and digits that often take turns.
func isGiven(v string) bool {
	m := mixOf(v)
	return len(v) >= 8 && m.digits >= 2 && m.mixed >= 3 && m.mixed*6 >= len(v) && !isHexText(v) && !isUUID(v)
}

// behindVerb reports whether what ends a text is a verb of commands that set something.
func behindVerb(before string) bool {
	before = before[max(0, len(before)-len("setx ")):]
	return hasPrefixFold(before, "setx ") || strings.HasSuffix(before, " set ")
}
