package redact

// CompileRules compiles every rule and returns how many there are.
func CompileRules() int {
	set := rules()
	for _, ru := range set.rules {
		ru.re()
		for _, re := range ru.allow {
			re()
		}
	}
	return len(set.rules)
}

// PairSteps returns how many bytes of values the detector of names with values reads in s.
func PairSteps(s string) int {
	p := pairs{s: s, emit: func(int, int, Kind) {}}
	p.find()
	return p.steps
}

// Tokens returns the tokens of the JSON value that s begins with, and whether the value is whole.
func Tokens(s string) (tokens []string, whole bool) {
	for l := (lexer{s: s}); ; {
		lo, hi, err := l.next()
		if err != nil {
			return tokens, false
		}
		if tokens = append(tokens, s[lo:hi]); len(l.open) == 0 {
			return tokens, true
		}
	}
}
