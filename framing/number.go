package framing

import "strings"

// numberState is how far a number has come in the grammar of RFC 8259, section 6.
type numberState uint8

const (
	numberStart numberState = iota // also the state after a byte that cannot belong to the number
	numberMinus
	numberZero
	numberInt
	numberPoint
	numberFraction
	numberE
	numberESign
	numberExponent
)

// numberNext is the grammar: by state, the states after 0, after 1 to 9, and after each of - + . e.
var numberNext = [...][6]numberState{
	numberStart:    {numberZero, numberInt, numberMinus},
	numberMinus:    {numberZero, numberInt},
	numberZero:     {4: numberPoint, 5: numberE},
	numberInt:      {numberInt, numberInt, 4: numberPoint, 5: numberE},
	numberPoint:    {numberFraction, numberFraction},
	numberFraction: {numberFraction, numberFraction, 5: numberE},
	numberE:        {numberExponent, numberExponent, numberESign, numberESign},
	numberESign:    {numberExponent, numberExponent},
	numberExponent: {numberExponent, numberExponent},
}

// complete reports whether the number may end here.
func (st numberState) complete() bool {
	return st == numberZero || st == numberInt || st == numberFraction || st == numberExponent
}

// after returns the state after one byte more.
func (st numberState) after(c byte) numberState {
	switch {
	case '1' <= c && c <= '9':
		c = '1'
	case c == 'E':
		c = 'e'
	}
	if class := strings.IndexByte("01-+.e", c); class >= 0 {
		return numberNext[st][class]
	}
	return numberStart
}
