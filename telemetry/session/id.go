package session

import (
	"bytes"
	"hash/maphash"
	"math"
	"strconv"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Ref is a name that a sender chose so that other messages can refer to it: the id of a request or a task, or a
// progress token. Refs are only compared: equal ones are the same.
type Ref struct {
	Type framing.IDType
	kind likeness
	Hash uint64 // stands for the type and the exact text, see framing.ID
	like uint64
}

// ID is a Ref with a text that may be shown, of at most framing.MaxIDText bytes for a request.
type ID struct {
	Ref
	Text string
}

// legal reports whether the protocol allows the id: it must be a string or a number.
func (id Ref) legal() bool { return id.Type == framing.StringID || id.Type == framing.NumberID }

// likeness is what the field like of a Ref holds. Ids with the same kind and like are alike: one may have been meant as
// the other. Peers that pass ids through a float or a string send 7, "7" and 7.0 for one another, and 9007199254740992
// for 9007199254740993 (modelcontextprotocol/python-sdk#961), so ids that read as the same number in double precision
// are alike. Of an id that is too long to be kept, the beginning must do.
type likeness uint8

const (
	asText   likeness = iota // the id's hash
	asNumber                 // the bits of a float64
	asPrefix                 // a hash of the text's beginning
)

// prefixSeed is the seed of the hashes of the beginnings of long ids.
var prefixSeed = maphash.MakeSeed()

// key is an index for ids that are alike. Each direction has request ids of its own: both sides count from 0 or 1.
type key struct {
	like uint64
	kind likeness
	dir  record.Direction
}

func (id Ref) key(dir record.Direction) key { return key{id.like, id.kind, dir} }

// Likeness returns a value that is equal for ids that are alike.
func (id Ref) Likeness() Ref { return Ref{kind: id.kind, like: id.like} }

// float returns the number that an id reads as, if it does.
func (id Ref) float() (f float64, ok bool) { return math.Float64frombits(id.like), id.kind == asNumber }

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

// number parses a number that is written with the characters of JSON's numbers. strconv alone would accept "+7", ".7",
// "0x7", "7_0" and "inf" too.
func number(text []byte) (float64, bool) {
	if bytes.HasPrefix(text, []byte("+")) || bytes.HasPrefix(text, []byte(".")) ||
		len(bytes.Trim(text, "0123456789+-.eE")) > 0 {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return f + 0, err == nil // -0 + 0 is 0
}
