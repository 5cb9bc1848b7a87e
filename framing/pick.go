package framing

import "slices"

// The bounds of what is kept of the values below arrays, in one message.
const (
	maxRepeated      = 2048
	maxRepeatedBytes = 64 << 10
)

// ended is a value that has come to its end.
type ended struct {
	typ   ValueType
	cut   bool // text is not all of it
	size  int64
	raw   []byte // its bytes as they came, at least as many as its node keeps
	text  []byte // the value as Text has it, as far as its node wants it
	hash  uint64 // of all its bytes, if its node wants that
	count int    // elements, if they were counted
}

// picked is what has been picked of the present message.
type picked struct {
	nodes   []*node // of the table
	values  []Value
	arena   []byte // the texts of the values, each with a capacity of its own length
	spare   []byte // the next arena
	garbage int    // bytes of the arena that no value refers to any more
	count   int    // values below arrays
	bytes   int    // and the bytes that they take, or may take while they are open
	dropped int
	owned   int // values before this one do not stand in the chunk
}

func (p *picked) reset() {
	clear(p.arena)
	p.values, p.arena = p.values[:0], p.arena[:0]
	p.garbage, p.count, p.bytes, p.dropped, p.owned = 0, 0, 0, 0, 0
}

// admit says whether the values of n can be kept. A value below an array is if there is room for the most that it can
// take, whatever it does take: so the answer cannot depend on how the bytes were cut into chunks.
func (p *picked) admit(n *node) bool {
	if !n.every {
		return true
	}
	if p.count+len(n.picks) > maxRepeated || p.bytes+n.bytes > maxRepeatedBytes {
		p.dropped += len(n.picks)
		return false
	}
	p.count += len(n.picks)
	p.bytes += n.bytes
	return true
}

// add keeps a value that is no container or was skipped.
func (p *picked) add(n *node, v *ended) {
	if first := p.open(n, v.typ); first >= 0 {
		p.fill(n, first, v)
	}
}

// lend keeps a text that stands in the chunk, for as long as that is there. The text is all that is wanted, and at one place
// only: the most common case.
func (p *picked) lend(n *node, typ ValueType, size int64, text []byte) {
	if n.every {
		if !p.admit(n) {
			return
		}
		p.bytes -= n.bytes - len(text)
	}
	i := len(p.values)
	if i == cap(p.values) {
		p.grow()
	}
	p.values = p.values[:i+1]
	v := &p.values[i] // set member by member, which is cheaper than all at once
	v.Field, v.Type, v.place, v.Text = n.picks[0].field, typ, n.id, text
	v.Truncated, v.lent, v.Size, v.Hash, v.Count = false, true, size, 0, 0
}

// own copies the texts that stand in the chunk, which is about to be taken away.
func (p *picked) own() {
	for i := p.owned; i < len(p.values); i++ {
		if v := &p.values[i]; v.lent {
			v.Text, v.lent = p.store(v.Text), false
		}
	}
	p.owned = len(p.values)
}

// open keeps the places of the values of n. It returns the index of the first, or -1 if there are to be none.
func (p *picked) open(n *node, typ ValueType) int {
	if len(n.picks) == 0 || !p.admit(n) {
		return -1
	}
	for i := range n.picks {
		p.place(n, n.picks[i].field, typ)
	}
	return len(p.values) - len(n.picks)
}

// place appends a value of which no more is known yet.
func (p *picked) place(n *node, field int, typ ValueType) *Value {
	p.values = append(p.values, Value{Field: field, Type: typ, place: n.id})
	return &p.values[len(p.values)-1]
}

//go:noinline
func (p *picked) grow() { p.values = slices.Grow(p.values, 16) }

// store copies a text into the arena.
func (p *picked) store(text []byte) []byte {
	at := len(p.arena)
	p.arena = append(p.arena, text...)
	return p.arena[at:len(p.arena):len(p.arena)]
}

// close keeps what is known of a container at its end.
func (p *picked) close(f *frame, v *ended) {
	if f.first >= 0 {
		p.fill(f.node, f.first, v)
	}
}

// fill completes the values of n, whose places begin at first.
func (p *picked) fill(n *node, first int, v *ended) {
	used := 0
	for i := range n.picks {
		pick, value := &n.picks[i], &p.values[first+i]
		value.Size = v.size
		if pick.want&Hash != 0 {
			value.Hash = v.hash
		}
		if pick.want&Count != 0 {
			value.Count = v.count
		}
		var text []byte
		switch {
		case pick.want&Raw != 0:
			text = v.raw[:min(len(v.raw), pick.max)]
			value.Truncated = int64(len(text)) < v.size
		case pick.want&Text != 0:
			text = clip(v.text, pick.max)
			value.Truncated = v.cut || len(text) < len(v.text)
		}
		value.Text = p.store(text)
		used += len(text)
	}
	if n.every {
		p.bytes -= n.bytes - used
	}
}

// forget drops the values of n and below it, from the one at the index on, and says whether there were any.
func (p *picked) forget(from int, n *node) bool {
	kept := from
	for _, v := range p.values[from:] {
		if n.id <= v.place && v.place < n.end {
			if !v.lent {
				p.garbage += len(v.Text)
			}
			if p.nodes[v.place].every {
				p.count--
				p.bytes -= len(v.Text)
			}
			continue
		}
		p.values[kept] = v
		kept++
	}
	if kept == len(p.values) {
		return false
	}
	p.values = p.values[:kept]
	p.owned = min(p.owned, from)
	if p.garbage > maxRepeatedBytes {
		p.compact()
	}
	return true
}

// compact moves the texts that are still referred to into a new arena.
func (p *picked) compact() {
	p.arena, p.spare, p.garbage = p.spare[:0], p.arena, 0
	for i := range p.values {
		v := &p.values[i]
		v.Text, v.lent = p.store(v.Text), false
	}
	clear(p.spare)
}
