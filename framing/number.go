package framing

// numberState is how far a number has come in the grammar of RFC 8259, section 6.
type numberState uint8

const (
	numberStart    numberState = iota
	numberMinus                // needs a digit
	numberZero                 // may end; no digit may follow
	numberInt                  // may end
	numberPoint                // needs a digit
	numberFraction             // may end
	numberE                    // needs a sign or a digit
	numberESign                // needs a digit
	numberExponent             // may end
)

// complete reports whether the number may end here.
func (st numberState) complete() bool {
	return st == numberZero || st == numberInt || st == numberFraction || st == numberExponent
}

// run follows the number from b[i] to the first byte that cannot belong to it.
func (st numberState) run(b []byte, i int) (int, numberState) {
	for ; i < len(b); i++ {
		next := st.after(b[i])
		if next == numberStart {
			break
		}
		st = next
	}
	return i, st
}

// after returns the state after one byte more, or numberStart if that byte cannot belong to the number.
func (st numberState) after(c byte) numberState {
	switch {
	case isDigit(c):
		return st.afterDigit(c)
	case c == '.' && (st == numberZero || st == numberInt):
		return numberPoint
	case (c == 'e' || c == 'E') && (st == numberZero || st == numberInt || st == numberFraction):
		return numberE
	case c == '-' && st == numberStart:
		return numberMinus
	case (c == '-' || c == '+') && st == numberE:
		return numberESign
	}
	return numberStart
}

func (st numberState) afterDigit(c byte) numberState {
	switch st {
	case numberStart, numberMinus:
		if c == '0' {
			return numberZero
		}
		return numberInt
	case numberPoint:
		return numberFraction
	case numberE, numberESign:
		return numberExponent
	case numberZero:
		return numberStart
	}
	return st
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
