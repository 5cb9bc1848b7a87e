package session

import (
	"hash/maphash"
	"math"
	"strconv"

	"github.com/spanpipe/spanpipe/framing"
)

// Ref is a request's id, a progress token, a task's id, or what else names something by what its sender has chosen, to be
// compared with others.
type Ref struct {
	Type framing.IDType
	kind likenessKind
	Hash uint64 // stands for type and exact text, see framing.ID
	like uint64
}

// ID is a Ref with a text for people and for attributes.
type ID struct {
	Ref
	Text string // as far as it may be shown, at most framing.MaxIDText bytes of a request's id
}

// exact tells an id from all others: two ids are the same exactly if these are equal.
type exact struct {
	hash uint64
	typ  framing.IDType
}

func (id Ref) exact() exact { return exact{id.Hash, id.Type} }

// legal says whether the protocol allows the id: it must be a string or a number.
func (id Ref) legal() bool { return id.Type == framing.StringID || id.Type == framing.NumberID }

// likenessKind says how an id's like is to be understood. Ids with equal kind and like may have been meant to be the same.
// Peers that pass ids through a float or a string send 7, "7" and 7.0 for one another, and 9007199254740992 for
// 9007199254740993 (modelcontextprotocol/python-sdk#961): ids that read as the same number in double precision are alike.
// Of an id too long to be kept, the beginning must do: a notification that names it has no more to compare.
type likenessKind uint8

const (
	asText   likenessKind = iota // the id's hash
	asNumber                     // the bits of a float64
	asPrefix                     // a hash of the text's beginning
)

// prefixSeed is that of the hashes of long ids' beginnings.
var prefixSeed = maphash.MakeSeed()

// key is what the table of requests in flight is indexed by: the two directions have id spaces of their own.
type key struct {
	like uint64
	kind likenessKind
	dir  Direction
}

func (id Ref) key(dir Direction) key { return key{id.like, id.kind, dir} }

// newRef reads an id.
func newRef(from framing.ID) Ref {
	id := Ref{Type: from.Type, Hash: from.Hash, kind: asText, like: from.Hash}
	if !id.legal() {
		return id
	}
	if from.Truncated {
		id.kind, id.like = asPrefix, maphash.Bytes(prefixSeed, from.Text)
	} else if f, ok := number(from.Text); ok {
		id.kind, id.like = asNumber, math.Float64bits(f)
	}
	return id
}

// valueRef reads a picked value that names something, such as params.requestId.
func valueRef(v *framing.Value) Ref { return newRef(v.ID()) }

// number reads a number of JSON's grammar, or near enough: what is no number at all is refused. Zero has no sign.
func number(text []byte) (float64, bool) {
	var n, digits int64
	for i, c := range text {
		switch {
		case '0' <= c && c <= '9':
			n = n*10 + int64(c-'0')
			if digits++; digits > 15 { // no longer exact in a float64, and perhaps too long for n
				return slowNumber(text)
			}
		case c == '-' && i == 0:
		default:
			return slowNumber(text)
		}
	}
	if digits == 0 {
		return 0, false
	}
	if text[0] == '-' {
		n = -n
	}
	return float64(n), true
}

func slowNumber(text []byte) (float64, bool) {
	for i, c := range text {
		digit := '0' <= c && c <= '9'
		if !digit && (i == 0 && c != '-' || c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E') {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, false
	}
	return f + 0, true // -0 + 0 is 0
}

// smallIDs are the texts of the integers that most ids are, so that they cost no allocation.
var smallIDs = func() (texts [1000]string) {
	for i := range texts {
		texts[i] = strconv.Itoa(i)
	}
	return texts
}()

// numberText is the text of a number as it was written.
func numberText(text []byte) string {
	if len(text) <= 3 {
		if f, ok := number(text); ok && f >= 0 && f < float64(len(smallIDs)) && smallIDs[int(f)] == string(text) {
			return smallIDs[int(f)]
		}
	}
	return string(text)
}
