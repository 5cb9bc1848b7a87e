package framing_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
)

// A guess at the next key must be right about every byte of it and about where it ends, or it is none.
func TestSpelt(t *testing.T) {
	const longest = "abcdefghijklmno"
	for size := range len(longest) + 1 {
		key := longest[:size]
		// What comes behind does not matter.
		for _, behind := range []string{`":1,"x":2,"y":3,"z":4`, "\":\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"} {
			if !framing.Spelt(key, key+behind) {
				t.Errorf("%q is not seen in %q", key, key+behind)
			}
			for i := range size + 1 { // the quote too
				other := []byte(key + behind)
				other[i] ^= 1
				if framing.Spelt(key, string(other)) {
					t.Errorf("%q is seen in %q", key, other)
				}
			}
		}
	}
	long := longest + "p"
	head, tail := framing.Condense([]byte(long))
	words := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, head), tail)
	for _, text := range []string{long + `":1`, strings.Repeat("\x00", 16), string(words)} {
		if framing.Spelt(long, text) {
			t.Errorf("%q is seen in %q, though it is too long", long, text)
		}
	}
}

// Keys of one object that are the same for eight bytes, and so differ only in the second of the words that they are found by.
func TestKeysWithTheSameBeginning(t *testing.T) {
	keys := []string{"progress", "progressToken", "progressBar", "progress1234567", "progress1234568"}
	var paths []framing.Path
	line := `{"params":{`
	for i, key := range keys {
		paths = append(paths, text(9, "params", key))
		line += fmt.Sprintf(`"%s":%d,`, key, i)
	}
	got := scan(framing.Compile(paths...), []byte(line+`"progressBa":"x","progress1234569":"y"}}`))
	if n := len(got[0].Values); n != len(keys) {
		t.Fatalf("%d values, want %d", n, len(keys))
	}
	for i, v := range got[0].Values {
		if v.Field != i || string(v.Text) != fmt.Sprint(i) {
			t.Errorf("value %d is %q of field %d", i, v.Text, v.Field)
		}
	}
}

// Of keys that are too long for two words, the words alone prove nothing: here are two that have the same.
func TestKeysWithTheSameWords(t *testing.T) {
	const key = "a-key-of-16bytes"
	head, tail := framing.Condense([]byte(key))
	other := []byte("--------00000000")
	for n := 0; ; n++ {
		if n == 1<<20 {
			t.Fatal("no other key found")
		}
		copy(other, fmt.Sprintf("%08d", n*12345679%1e8)) // so that all digits change
		clear(other[8:])
		// The last eight bytes are mixed in last, by an exclusive or and a multiplication, which can be undone.
		with0, _ := framing.Condense(other)
		binary.LittleEndian.PutUint64(other[8:], head*inverse(framing.Golden)^with0*inverse(framing.Golden))
		if !strings.ContainsFunc(string(other), func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r > '~' }) {
			break
		}
	}
	if h, tl := framing.Condense(other); h != head || tl != tail {
		t.Fatalf("%q and %q have different words", key, other)
	}
	line := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"a","params":{"%s":"wrong","%s":"right"}}`, other, key)
	for _, order := range []string{line, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"a","params":{"%s":"right","%s":"wrong"}}`, key, other)} {
		got := scan(framing.Compile(text(9, "params", key)), []byte(order))
		if len(got[0].Values) != 1 || string(got[0].Values[0].Text) != "right" {
			t.Errorf("%s: %s", order, showAll(got))
		}
	}
}

// inverse returns what undoes a multiplication by an odd number.
func inverse(n uint64) uint64 {
	inv := n
	for range 5 { // each doubles the bits that are right
		inv *= 2 - n*inv
	}
	return inv
}
