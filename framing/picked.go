package framing

// Bounds of what one message may keep of the values below arrays. A message that lists thousands of tools is
// reported with as many as fit.
const (
	maxRepeated      = 4096
	maxRepeatedBytes = 64 << 10
)

// picked is what has been picked of the current message.
type picked struct {
	values  []Value
	arena   []byte // the texts of the values, each with no capacity beyond its length
	garbage int    // bytes of the arena that no value refers to any more
	count   int    // values below arrays
	bytes   int    // bytes of the arena that they take, or may take while they are open
	dropped int
}

func (p *picked) reset() {
	clear(p.arena)
	*p = picked{values: p.values[:0], arena: p.arena[:0]}
}

// open reserves the values of n, which is in the element of the given index if it is below an array. So they stand before
// those of its members. It reports whether there are any. A
// value below an array needs room for as much as it may take, whatever it does take in the end: so the result cannot
// depend on how the stream was cut into chunks.
func (p *picked) open(n *node, typ ValueType, index int) bool {
	if n.repeated {
		if p.count+len(n.picks) > maxRepeated || p.bytes+n.reserve > maxRepeatedBytes {
			p.dropped += len(n.picks)
			return false
		}
		p.count += len(n.picks)
		p.bytes += n.reserve
	}
	for _, pick := range n.picks {
		p.values = append(p.values, Value{Field: pick.field, Type: typ, Index: index, node: n})
	}
	return len(n.picks) > 0
}

// fill completes the values of f, which has come to its end, with its size and its text.
func (p *picked) fill(f *frame, size int64, text []byte, cut bool, tokens int64) {
	used := 0
	for i, pick := range f.node.picks {
		v := &p.values[f.values+i]
		v.Size, v.Count, v.Tokens = size, f.count, tokens
		if pick.want&Hash != 0 {
			v.Hash = f.hash.Sum64()
		}
		switch {
		case pick.want&Raw != 0:
			v.Text = p.store(f.raw[:min(len(f.raw), pick.max)])
			v.Truncated = int64(len(v.Text)) < size
		case pick.want&Text != 0:
			text, truncated := clip(text, cut, pick.max)
			v.Text, v.Truncated = p.store(text), truncated
		}
		used += len(v.Text)
	}
	if f.node.repeated {
		p.bytes -= f.node.reserve - used
	}
}

// store copies a text into the arena.
func (p *picked) store(text []byte) []byte {
	at := len(p.arena)
	p.arena = append(p.arena, text...)
	return p.arena[at:len(p.arena):len(p.arena)]
}

// drop removes the values of n and of the nodes below it, from the index on.
func (p *picked) drop(from int, n *node) {
	kept := p.values[:from]
	for _, v := range p.values[from:] {
		if v.node.id < n.id || n.end <= v.node.id {
			kept = append(kept, v)
			continue
		}
		p.garbage += len(v.Text)
		if v.node.repeated {
			p.count--
			p.bytes -= len(v.Text)
		}
	}
	p.values = kept
	if p.garbage > maxRepeatedBytes {
		p.compact()
	}
}

// compact moves the texts that are still referred to into a new arena. Otherwise a member that comes again and again
// would make the arena grow without bound.
func (p *picked) compact() {
	old := p.arena
	p.arena, p.garbage = nil, 0
	for i := range p.values {
		p.values[i].Text = p.store(p.values[i].Text)
	}
	clear(old)
}
