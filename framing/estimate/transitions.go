package estimate

// costs are what transitions cost, in tokens.
type costs struct {
	long         float64 // each letter of a word from the eighth on
	camel        float64 // a word that begins with an upper-case letter after a lower-case one
	upperMore    float64 // each upper-case letter after another
	upperToLower float64 // a lower-case letter after two or more of those

	digits           float64 // the first of three digits, or of fewer
	digitAfterLetter float64
	letterAfterDigit float64
	random           float64 // each character of base64 and the like

	spaces         float64 // the second of some spaces: one is part of the word behind it
	line           float64 // the end of a line
	lineAfterPunct float64
	lineMore       float64 // the end of an empty line

	joinerStart, joinerToLetter, joinerToPunct, joinerToOther float64
	openerStart, openerToLetter, openerToPunct, openerToOther float64
	punctMore                                                 float64 // each sign after the third of a run

	latin, otherScript, symbol, ideograph, astral float64 // a character, by its first byte
	code                                          float64 // a character written as \u and its code
	afterScript                                   float64 // a word after such a character, or at the start
}

// fitted was fitted to the texts in testdata/tune. How far the estimate is off is measured with those in testdata/judge.
var fitted = costs{
	long: 0.1, camel: 0.91, upperMore: 0.31, upperToLower: 1.4,
	digits: 1.1, digitAfterLetter: 0.89, letterAfterDigit: 0.9, random: 0.67,
	spaces: 0.51, line: 0.35, lineAfterPunct: 0.55, lineMore: 0.46,
	joinerStart: 0.06, joinerToLetter: 0.34, joinerToPunct: 1.09, joinerToOther: 1.15,
	openerStart: 0.3, openerToLetter: 1.03, openerToPunct: 0.65, openerToOther: 0.29, punctMore: 0.38,
	latin: 0.45, otherScript: 0.18, symbol: 0.85, ideograph: 0.74, astral: 2.03, code: 0.7, afterScript: 1.1,
}

// next returns the state after a byte of the given class, and what that costs.
func (k *costs) next(s state, c class) (state, float64) {
	switch c {
	case lower, letterN, letterT, letterU:
		return k.lower(s)
	case upper:
		return k.upper(s)
	case digit:
		return k.digit(s)
	case space, tab:
		switch {
		case s.run == spaceRun && s.length == 1:
			return state{run: spaceRun, length: 2}, k.spaces
		case s.run == spaceRun:
			return s, 0
		}
		return state{run: spaceRun, length: 1}, k.leave(s)
	case newline:
		switch s.run {
		case lineRun:
			return state{run: lineRun}, k.lineMore
		case joinerOne, openerOne, punctRun:
			return state{run: lineRun}, k.leave(s) + k.lineAfterPunct
		}
		return state{run: lineRun}, k.line
	case joiner, opener, backslash:
		return k.punct(s, c)
	case latin:
		return state{run: other}, k.leave(s) + k.latin
	case otherScript:
		return state{run: other}, k.leave(s) + k.otherScript
	case symbol:
		return state{run: other}, k.leave(s) + k.symbol
	case ideograph:
		return state{run: other}, k.leave(s) + k.ideograph
	case astral:
		return state{run: other}, k.leave(s) + k.astral
	}
	return s, 0 // inside a character
}

// leave is what the end of a lone sign costs that is not part of the next word.
func (k *costs) leave(s state) float64 {
	switch s.run {
	case joinerOne:
		return k.joinerToOther
	case openerOne:
		return k.openerToOther
	}
	return 0
}

// wordAfter is what a word costs that begins after s.
func (k *costs) wordAfter(s state) float64 {
	switch s.run {
	case joinerOne:
		return 1 + k.joinerToLetter
	case openerOne:
		return 1 + k.openerToLetter
	case digitRun:
		return k.letterAfterDigit
	case other:
		return k.afterScript
	}
	return 1
}

func (k *costs) lower(s state) (state, float64) {
	switch s.run {
	case random:
		return s, k.random
	case lowerRun:
		n := state{lowerRun, min(s.length+1, longWord), s.mix}
		if n.length >= 4 {
			n.mix = 0
		}
		if n.length > 7 {
			return n, k.long
		}
		return n, 0
	case upperRun:
		if s.length == 1 {
			return state{lowerRun, 2, s.mix}, 0
		}
		return k.mixed(state{lowerRun, 2, s.mix + 1}, k.upperToLower)
	case digitRun:
		return k.mixed(state{lowerRun, 1, s.mix + 1}, k.letterAfterDigit)
	}
	return state{run: lowerRun, length: 1}, k.wordAfter(s)
}

func (k *costs) upper(s state) (state, float64) {
	switch s.run {
	case random:
		return s, k.random
	case lowerRun:
		mix := s.mix
		if s.length <= 2 {
			mix++
		}
		return k.mixed(state{upperRun, 1, mix}, k.camel)
	case upperRun:
		return state{upperRun, min(s.length+1, longUpper), s.mix}, k.upperMore
	case digitRun:
		return k.mixed(state{upperRun, 1, s.mix + 1}, k.letterAfterDigit)
	}
	return state{run: upperRun, length: 1}, k.wordAfter(s)
}

func (k *costs) digit(s state) (state, float64) {
	switch s.run {
	case random:
		return s, k.random
	case lowerRun, upperRun:
		return k.mixed(state{digitRun, 1, s.mix + 1}, k.digitAfterLetter)
	case digitRun:
		if s.length == 3 {
			return state{digitRun, 1, s.mix}, k.digits
		}
		return state{digitRun, s.length + 1, s.mix}, 0
	}
	return state{run: digitRun, length: 1}, k.leave(s) + k.digits
}

// mixed returns s, or random if it has changed too often.
func (k *costs) mixed(s state, cost float64) (state, float64) {
	if s.mix >= maxMix {
		return state{run: random}, cost
	}
	return s, cost
}

func (k *costs) punct(s state, c class) (state, float64) {
	switch s.run {
	case joinerOne:
		return state{run: punctRun, length: 2}, k.joinerToPunct
	case openerOne:
		return state{run: punctRun, length: 2}, k.openerToPunct
	case punctRun:
		n := state{run: punctRun, length: min(s.length+1, longPunct)}
		if n.length > 3 {
			return n, k.punctMore
		}
		return n, 0
	}
	if c == joiner {
		return state{run: joinerOne}, k.joinerStart
	}
	return state{run: openerOne}, k.openerStart
}
