package framing

// num reads a number that begins at b[i]. A number ends only where something else begins, so it is never known to be
// whole at the end of a span.
func (s *Scanner) num(b []byte, i int) int {
	end, st := i, numberStart
	if b[i] != '0' && b[i] != '-' {
		for st = numberInt; end < len(b) && isDigit(b[end]); end++ { // most numbers are nothing but digits
		}
	}
	if end == len(b) || b[end] != ',' && b[end] != '}' { // so too where nothing has been gone through yet
		if end, st = st.run(b, end); end == len(b) {
			s.number = st
			return s.hold(b, i, Number, inNumber)
		}
		if !st.ends() {
			return s.broken(b, badNumber)
		}
	}
	if s.here != nil {
		s.scalar(s.here, Number, b, i, end, 0)
	}
	return s.ended(end)
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func (s *Scanner) restOfNumber(b []byte) int {
	end, st := s.number.run(b, 0)
	if end == len(b) {
		s.number = st
		s.part.feed(s.here, b)
		return len(b)
	}
	if !st.ends() {
		return s.broken(b, badNumber)
	}
	s.rest(b, end)
	return s.ended(end)
}

// numberState is how far a number has got in the grammar of RFC 8259, section 6.
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

func (st numberState) ends() bool {
	return st == numberZero || st == numberInt || st == numberFraction || st == numberExponent
}

// run follows the number from b[i] to the first byte that cannot belong to it.
func (st numberState) run(b []byte, i int) (int, numberState) {
	for ; i < len(b); i++ {
		next := st.step(b[i])
		if next == numberStart {
			break
		}
		st = next
	}
	return i, st
}

// step returns the state behind one byte more, or numberStart if the number cannot go on with it.
func (st numberState) step(c byte) numberState {
	switch {
	case '0' <= c && c <= '9':
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
	case c == '.' && (st == numberZero || st == numberInt):
		return numberPoint
	case c|0x20 == 'e' && (st == numberZero || st == numberInt || st == numberFraction):
		return numberE
	case c == '-' && st == numberStart:
		return numberMinus
	case (c == '-' || c == '+') && st == numberE:
		return numberESign
	}
	return numberStart
}
