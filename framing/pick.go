package framing

// The bounds of what is kept of the values below arrays, in one message.
const (
	maxRepeated      = 2048
	maxRepeatedBytes = 64 << 10
)

// ended is a value that has come to its end.
type ended struct {
	typ      ValueType
	size     int64
	raw      []byte // its bytes as they came, at least as many as its node keeps
	text     []byte // the decoded text of a string, as far as its node wants it
	textCut  bool   // text is not all of it
	textHash uint64 // of all the decoded text, if it is an id
	hash     uint64 // of all its bytes, if its node wants that
	count    int    // elements, if they were counted
}

// written returns a value as Text has it: a string decoded, a number or a word as it came.
func (v *ended) written() []byte {
	switch v.typ {
	case String:
		return v.text
	case Object, Array:
		return nil
	}
	return v.raw
}

// cut says whether n bytes of what written returns are not all there is.
func (v *ended) cut(n int) bool {
	switch v.typ {
	case String:
		return v.textCut || n < len(v.text)
	case Object, Array:
		return false
	}
	return int64(n) < v.size
}

// picked is what has been picked of the present message.
type picked struct {
	values  []Value
	texts   []span // of values, in arena
	arena   []byte
	spare   []byte // the next arena
	garbage int    // bytes of the arena that no value refers to
	count   int    // values below arrays
	bytes   int    // and the bytes that they take, or may take while they are open
	dropped int
}

// span is a value's text in the arena.
type span struct {
	node     *node
	off, len int
}

func (p *picked) reset() {
	p.values, p.texts, p.arena = p.values[:0], p.texts[:0], p.arena[:0]
	p.garbage, p.count, p.bytes, p.dropped = 0, 0, 0, 0
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
	if len(n.picks) == 0 || !p.admit(n) {
		return
	}
	first := len(p.values)
	for i := range n.picks {
		p.values = append(p.values, Value{Field: n.picks[i].field, Type: v.typ})
		p.texts = append(p.texts, span{node: n})
	}
	p.fill(n, first, v)
}

// open keeps the place of a container whose members come first. It returns the index of its first value, or -1.
func (p *picked) open(n *node, typ ValueType) int {
	if len(n.picks) == 0 || !p.admit(n) {
		return -1
	}
	for i := range n.picks {
		p.values = append(p.values, Value{Field: n.picks[i].field, Type: typ})
		p.texts = append(p.texts, span{node: n})
	}
	return len(p.values) - len(n.picks)
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
			text = clip(v.written(), pick.max)
			value.Truncated = v.cut(len(text))
		}
		if len(text) > 0 {
			at := &p.texts[first+i]
			at.off, at.len = len(p.arena), len(text)
			p.arena = append(p.arena, text...)
			used += len(text)
		}
	}
	if n.every {
		p.bytes -= n.bytes - used
	}
}

// list returns the values with their texts.
func (p *picked) list() []Value {
	for i := range p.values {
		if at := &p.texts[i]; at.len > 0 {
			p.values[i].Text = p.arena[at.off : at.off+at.len : at.off+at.len]
		}
	}
	return p.values
}

// forget drops the values of n and below it, from the one at the index on, and says whether there were any.
func (p *picked) forget(from int, n *node) bool {
	kept := from
	for i := from; i < len(p.values); i++ {
		at := p.texts[i]
		if n.id <= at.node.id && at.node.id < n.end {
			p.garbage += at.len
			if at.node.every {
				p.count--
				p.bytes -= at.len
			}
			continue
		}
		p.values[kept], p.texts[kept] = p.values[i], at
		kept++
	}
	if kept == len(p.values) {
		return false
	}
	p.values, p.texts = p.values[:kept], p.texts[:kept]
	if p.garbage > maxRepeatedBytes {
		p.compact()
	}
	return true
}

// compact moves the texts that are still referred to into a new arena.
func (p *picked) compact() {
	p.spare = p.spare[:0]
	for i := range p.texts {
		at := &p.texts[i]
		text := p.arena[at.off : at.off+at.len]
		at.off = len(p.spare)
		p.spare = append(p.spare, text...)
	}
	p.arena, p.spare, p.garbage = p.spare, p.arena, 0
}
