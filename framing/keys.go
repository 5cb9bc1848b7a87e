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

type keySlot struct {
	word uint64
	key  string
	node *node
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

// build looks for a multiplier that sends each key to a slot of its own. Multipliers are tried in a fixed sequence,
// with a larger table after every hundred. It could only fail if two long keys had the same hash.
func (k *keyTable) build() {
	names := k.names()
	if len(names) == 0 {
		return
	}
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
		word := keyWord([]byte(name))
		slot := &k.slots[word*k.mult>>k.shift]
		if slot.node != nil {
			return false
		}
		*slot = keySlot{word, name, k.named[name]}
	}
	return true
}

// find returns the node of a key, or nil.
func (k *keyTable) find(key []byte) *node {
	word := keyWord(key)
	if slot := k.slot(word); slot != nil && slot.word == word && string(key) == slot.key {
		return slot.node
	}
	return nil
}

// findShort returns the node of a key of less than eight bytes, by its word alone; or nil.
func (k *keyTable) findShort(word uint64) *node {
	if slot := k.slot(word); slot != nil && slot.word == word {
		return slot.node
	}
	return nil
}

// slot returns where a key with the word is, if it is anywhere. A slot that is free has the word of the key of no bytes, and
// no node.
func (k *keyTable) slot(word uint64) *keySlot {
	if i := word * k.mult >> (k.shift & 63); i < uint64(len(k.slots)) {
		return &k.slots[i]
	}
	return nil
}

// keyWord condenses a key to a word. That of a key of less than eight bytes has its length in the highest byte and stands for
// it alone; that of a longer one is a hash, and has the highest bit set.
func keyWord(key []byte) uint64 {
	if len(key) < 8 {
		var word uint64
		for i, c := range key {
			word |= uint64(c) << (8 * i)
		}
		return shortWord(word, len(key))
	}
	last := binary.LittleEndian.Uint64(key[len(key)-8:])
	hash := uint64(len(key))
	for ; len(key) > 8; key = key[8:] {
		hash = bits.RotateLeft64((hash^binary.LittleEndian.Uint64(key))*0x9e3779b97f4a7c15, 29)
	}
	return (hash^last)*0x9e3779b97f4a7c15 | 1<<63
}

// shortWord is keyWord for a key of less than eight bytes, the first of what may be more in word.
func shortWord(word uint64, n int) uint64 {
	return word&(1<<(8*n&63)-1) | uint64(n)<<56
}
