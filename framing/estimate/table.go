package estimate

// unit is the part of a token in which costs are added up.
const unit = 64

// step is an entry of the table: where the steps of the next state begin, in the low 16 bits, and the cost in units in the
// others.
type step uint32

// table has the steps of each state and class, at state*classes + class.
type table [maxStates * classes]step

const maxStates = 256

// build numbers the states that can be reached and writes down their steps. Each state stands twice: as it is, and after a
// backslash, where a byte means something else.
func build(k costs) *table {
	numbers := map[state]int{}
	var states []state
	number := func(s state) int {
		n, known := numbers[s]
		if !known {
			n = len(states)
			numbers[s], states = n, append(states, s)
		}
		return n
	}
	number(state{})
	for i := range 4 {
		number(state{run: codeRun, length: i + 1})
	}
	var plain, escaped [][classes]step
	for at := 0; at < len(states); at++ { //nolint:intrange // it grows
		var p, e [classes]step
		for c := range class(classes) {
			s, cost := k.plain(states[at], c)
			p[c] = pack(number(s), cost)
			s, cost = k.escaped(states[at], c)
			e[c] = pack(number(s), cost)
		}
		plain, escaped = append(plain, p), append(escaped, e)
	}
	n := len(states)
	if 2*n > maxStates {
		panic("estimate: too many states")
	}
	t := new(table)
	for i := range n {
		for c := range classes {
			p := plain[i][c]
			if class(c) == backslash && states[i].run != codeRun {
				p = pack(i+n, 0)
			}
			t[i*classes+c], t[(i+n)*classes+c] = p, escaped[i][c]
		}
	}
	return t
}

func pack(next int, cost float64) step { return step(next*classes) | step(cost*unit+0.5)<<16 }

// plain returns the step of a byte that is not escaped.
func (k *costs) plain(s state, c class) (state, float64) {
	if s.run != codeRun {
		return k.next(s, c)
	}
	if s.length > 1 {
		return state{run: codeRun, length: s.length - 1}, 0
	}
	return state{run: other}, 0
}

// escaped returns the step of a byte after a backslash (RFC 8259, section 7).
func (k *costs) escaped(s state, c class) (state, float64) {
	switch c {
	case letterN:
		return k.next(s, newline)
	case letterT:
		return k.next(s, tab)
	case letterU:
		return state{run: codeRun, length: 4}, k.leave(s) + k.code
	}
	return k.next(s, opener) // a quote, a backslash; a slash is one as well
}
