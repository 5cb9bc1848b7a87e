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

// findSettings emits what a command sets a variable or setting to: setx NAME value, config set NAME value.
func findSettings(s string, emit emitter) {
	const verb = "set"
	for at := 0; ; {
		i := indexFold(s[at:], verb)
		if i < 0 {
			return
		}
		lo := at + i + len(verb)
		at = lo
		if lo < len(s) && (s[lo]|0x20) == 'x' {
			lo++
		}
		name := run(s, lo, 4, func(c byte) bool { return c == ' ' })
		hi := run(s, name, maxKey, func(c byte) bool { return isToken(c) || has(".:/", c) })
		value := run(s, hi, 4, func(c byte) bool { return c == ' ' })
		if name == lo || value == hi || hi == name {
			continue
		}
		kind := keyKind(s[name:hi])
		if kind == "" || kind == kindMaybe {
			continue
		}
		value += len(quoteAt(s, value))
		end := wordEnd(s, value)
		if v := s[value:min(end, value+maxJudged)]; isListedSecret(v) && v[0] != '-' && isSecret(v, kind) && !isReference(v) {
			emit(value, end, kind)
		}
	}
}
