package redact

// matcher finds which of many words occur in a text, in one pass over it: the automaton of Aho and Corasick
// (Communications of the ACM 18/6, 1975). Letters of ASCII are taken without case; words are lower-case.
type matcher struct {
	symbol [256]uint8 // column of a byte; 0 for bytes that no word has
	width  int
	next   []uint16 // next[state*width+column]
	out    [][]int  // words that end in a state
}

func newMatcher(words []string) *matcher {
	m := &matcher{width: 1}
	for _, w := range words {
		for i := range len(w) {
			if m.symbol[w[i]] == 0 {
				m.symbol[w[i]] = uint8(m.width)
				m.width++
			}
		}
	}
	for c := byte('A'); c <= 'Z'; c++ {
		m.symbol[c] = m.symbol[c|0x20]
	}
	m.grow()
	for i, w := range words {
		m.insert(w, i)
	}
	m.link()
	return m
}

func (m *matcher) grow() uint16 {
	m.next = append(m.next, make([]uint16, m.width)...)
	m.out = append(m.out, nil)
	return uint16(len(m.out) - 1)
}

func (m *matcher) insert(w string, word int) {
	state := 0
	for i := range len(w) {
		at := state*m.width + int(m.symbol[w[i]])
		if m.next[at] == 0 {
			n := m.grow()
			m.next[at] = n
		}
		state = int(m.next[at])
	}
	m.out[state] = append(m.out[state], word)
}

// link turns the tree of words into an automaton, breadth first: a step that the tree does not have becomes the step of
// the longest suffix that it has.
func (m *matcher) link() {
	suffix := make([]uint16, len(m.out))
	queue := []uint16{0}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for c := 1; c < m.width; c++ {
			at := int(state)*m.width + c
			child := m.next[at]
			fall := m.next[int(suffix[state])*m.width+c]
			if state == 0 {
				fall = 0
			}
			if child == 0 {
				m.next[at] = fall
				continue
			}
			suffix[child] = fall
			m.out[child] = append(m.out[child], m.out[fall]...)
			queue = append(queue, child)
		}
	}
}

// find calls emit for every occurrence of a word in s, with the position after it.
func (m *matcher) find(s string, emit func(word, end int)) {
	state := uint16(0)
	for i := range len(s) {
		state = m.next[int(state)*m.width+int(m.symbol[s[i]])]
		for _, w := range m.out[state] {
			emit(w, i+1)
		}
	}
}
