package estimate

// costs are what transitions cost, in tokens.
type costs struct {
	long         float64 // each letter of a word from the eighth on
	camel        float64 // a word that begins with an upper-case letter after a lower-case one
	upperMore    float64 // each upper-case letter after another
	upperToLower float64 // a lower-case letter after two or more of those

	digits           float64 // the first of three digits, or of fewer
	digitAfterSpace  float64 // a space is not part of a number behind it
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

	latin, cyrillic, otherScript, symbol, kana, ideograph, hangul, fullWidth, astral float64 // a character, by its first byte
	scriptAfterSpace                                                                 float64 // the same behind a space, which is not always part of it
	code                                                                             float64 // a character written as \u and its code
	afterScript                                                                      float64 // a word after such a character
}

// fitted was fitted to the texts in testdata/tune. How far the estimate is off is measured with those in testdata/judge.
var fitted = costs{
	long: 0.06, camel: 0.77, upperMore: 0.27, upperToLower: 1.71,
	digits: 1.04, digitAfterSpace: 1.34, digitAfterLetter: 0.75, letterAfterDigit: 1.02, random: 0.65,
	spaces: 0.9, line: 0.53, lineAfterPunct: 0.19, lineMore: 0.95,
	joinerStart: 0.07, joinerToLetter: 0.38, joinerToPunct: 1.29, joinerToOther: 1.16,
	openerStart: 0.3, openerToLetter: 0.38, openerToPunct: 0.77, openerToOther: 0.68, punctMore: 0.25,
	latin: 0, cyrillic: 0.19, otherScript: 0.18, symbol: 0.72, kana: 0.74, ideograph: 0.74, hangul: 0.74, fullWidth: 0.55,
	astral: 2.09, scriptAfterSpace: 0.51, code: 0.7, afterScript: 0.06,
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
		return k.character(s, k.latin)
	case cyrillic:
		return k.character(s, k.cyrillic)
	case otherScript:
		return k.character(s, k.otherScript)
	case symbol:
		return k.character(s, k.symbol)
	case kana:
		return k.character(s, k.kana)
	case ideograph:
		return k.character(s, k.ideograph)
	case hangul:
		return k.character(s, k.hangul)
	case fullWidth:
		return k.character(s, k.fullWidth)
	case astral:
		return k.character(s, k.astral)
	}
	return s, 0 // inside a character
}

// character is one that is not ASCII.
func (k *costs) character(s state, cost float64) (state, float64) {
	if s.run == spaceRun {
		cost += k.scriptAfterSpace
	}
	return state{run: other}, k.leave(s) + cost
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
	cost := k.leave(s) + k.digits
	if s.run == spaceRun {
		cost += k.digitAfterSpace
	}
	return state{run: digitRun, length: 1}, cost
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
