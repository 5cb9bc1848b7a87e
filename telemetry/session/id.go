package session

import (
	"hash/maphash"
	"math"
	"strconv"

	"github.com/spanpipe/spanpipe/framing"
)

// ID is a request's id, a progress token, a task's id, or what else names a message by what its sender has chosen.
type ID struct {
	Type framing.IDType
	Hash uint64 // stands for type and exact text, see framing.ID
	Text string // for people and for attributes, as far as it may be shown: of requests and tasks alone, at most framing.MaxIDText bytes

	alike likeness
}

// exact tells an id from all others: two ids are the same exactly if these are equal.
type exact struct {
	typ  framing.IDType
	hash uint64
}

func (id ID) exact() exact { return exact{id.Type, id.Hash} }

// legal says whether the protocol allows the id: it must be a string or a number.
func (id ID) legal() bool { return id.Type == framing.StringID || id.Type == framing.NumberID }

// likeness is equal for ids that may have been meant to be the same. Peers that pass ids through a float or a string send
// 7, "7" and 7.0 for one another, and 9007199254740992 for 9007199254740993 (modelcontextprotocol/python-sdk#961): ids
// that read as the same number in double precision are alike. Of an id too long to be kept, the beginning must do: a
// notification that names it has no more to compare.
type likeness struct {
	kind  likenessKind
	value uint64
}

type likenessKind uint8

const (
	asText   likenessKind = iota // value is the id's hash
	asNumber                     // value has the bits of a float64
	asPrefix                     // value is a hash of the text's beginning
)

// prefixSeed is that of the hashes of long ids' beginnings.
var prefixSeed = maphash.MakeSeed()

// key is what the table of requests in flight is indexed by: the two directions have id spaces of their own.
type key struct {
	dir Direction
	likeness
}

func (id ID) key(dir Direction) key { return key{dir, id.alike} }

// newID reads an id, without its text.
func newID(from framing.ID) ID {
	id := ID{Type: from.Type, Hash: from.Hash, alike: likeness{asText, from.Hash}}
	if !id.legal() {
		return id
	}
	if from.Truncated {
		id.alike = likeness{asPrefix, maphash.Bytes(prefixSeed, from.Text)}
	} else if f, ok := number(from.Text); ok {
		id.alike = likeness{asNumber, math.Float64bits(f)}
	}
	return id
}

// valueID reads a picked value that names something, such as params.requestId.
func valueID(v *framing.Value) ID { return newID(v.ID()) }

// number reads a number of JSON's grammar, or near enough: what is no number at all is refused. Zero has no sign.
func number(text []byte) (float64, bool) {
	if len(text) == 0 || len(text) > framing.MaxIDText {
		return 0, false
	}
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
