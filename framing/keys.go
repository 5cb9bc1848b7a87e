package framing

import (
	"encoding/binary"
	"math/bits"
	"sort"
)

// keyTable finds an object's key among the few that a node knows, with one multiplication and one comparison: the table
// is built once, with a multiplier under which no two of its keys meet.
type keyTable struct {
	slots []keySlot
	mult  uint64
	shift uint8
	named map[string]*node // while the table is being built
}

// keySlot is a place in a keyTable. One that is free has two words of zeros, which no key has.
type keySlot struct {
	head, tail uint64
	node       *node
	key        string
}

// spelling is how a key is spelt in an object, so that one place in the table can be told from all others at a glance.
type spelling struct {
	parent             *node // whose key it is, or nil if the key is too long
	size               int   // its bytes
	head, tail         uint64
	headMask, tailMask uint64
}

// spell sets the spelling of a key.
func (sp *spelling) spell(parent *node, key string) {
	if sp.size = len(key); sp.size >= longKey {
		return
	}
	sp.parent = parent
	sp.head, sp.tail = condense([]byte(key))
	sp.headMask = 1<<(8*(sp.size+1)) - 1
	sp.tailMask = 1<<(8*max(sp.size-7, 0)) - 1
}

// spelt says whether the key is spelt in the 16 bytes that begin with its inside.
func (sp *spelling) spelt(head, tail uint64) bool {
	return head&sp.headMask == sp.head && tail&sp.tailMask == sp.tail
}

// add returns the node of a key, a new one if need be. It is for building only.
func (k *keyTable) add(key string) *node {
	if k.named == nil {
		k.named = make(map[string]*node)
	}
	n := k.named[key]
	if n == nil {
		n = &node{}
		k.named[key] = n
	}
	return n
}

// names returns the keys in a fixed order.
func (k *keyTable) names() []string {
	names := make([]string, 0, len(k.named))
	for name := range k.named {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// build looks for a multiplier that sends each key to a slot of its own. There must be a key. Multipliers are tried in a fixed sequence,
// with a larger table after every hundred. It could only fail if two long keys had the same hash.
func (k *keyTable) build() {
	names := k.names()
	k.mult = 1
	for size := bits.Len(uint(len(names))); size < 24; size++ {
		k.shift = uint8(64 - size)
		for range 100 {
			k.mult = (k.mult*6364136223846793005 + 1442695040888963407) | 1
			if k.place(names, 1<<size) {
				k.named = nil
				return
			}
		}
	}
	panic("framing: two keys cannot be told apart")
}

func (k *keyTable) place(names []string, size int) bool {
	k.slots = make([]keySlot, size)
	for _, name := range names {
		head, tail := condense([]byte(name))
		slot := k.slot(head, tail)
		if slot.node != nil {
			return false
		}
		*slot = keySlot{head, tail, k.named[name], name}
	}
	return true
}

// find returns the node of a key, or nil.
func (k *keyTable) find(key []byte) *node {
	head, tail := condense(key)
	if slot := k.slot(head, tail); slot.head == head && slot.tail == tail && (len(key) < longKey || string(key) == slot.key) {
		return slot.node
	}
	return nil
}

// slot returns where a key is, if it is anywhere.
func (k *keyTable) slot(head, tail uint64) *keySlot {
	return &k.slots[(head^tail*golden)*k.mult>>(k.shift&63)]
}

// longKey is how many bytes make a key too long for two words to stand for it alone.
const longKey = 16

// golden spreads the bits of what it is multiplied by: 2 to the power of 64, divided by the golden ratio.
const golden = 0x9e3779b97f4a7c15

// condense makes two words of a key. Those of a key that is not long are its bytes, the closing quote, and zeros; those of a
// long one are a hash, and its length with the highest bit set.
func condense(key []byte) (head, tail uint64) {
	if len(key) < longKey {
		var padded [longKey]byte
		padded[copy(padded[:], key)] = '"'
		return binary.LittleEndian.Uint64(padded[:]), binary.LittleEndian.Uint64(padded[8:])
	}
	tail = uint64(len(key)) | 1<<63
	last := binary.LittleEndian.Uint64(key[len(key)-8:])
	for ; len(key) > 8; key = key[8:] {
		head = bits.RotateLeft64((head^binary.LittleEndian.Uint64(key))*golden, 29)
	}
	return (head ^ last) * golden, tail
}
