package framing

import (
	"hash/maphash"
	"time"
)

// Kind is what a line, or one element of a batch, turned out to be.
type Kind uint8

// The four kinds of JSON-RPC 2.0 messages, and the kinds of lines that are not JSON-RPC.
const (
	Request       Kind = iota + 1 // a method and an id
	Notification                  // a method and no id
	Response                      // a result
	ErrorResponse                 // an error
	NotRPC                        // valid JSON that is not a JSON-RPC message
	Malformed                     // starts like JSON, then breaks off or violates the grammar
	Noise                         // text that does not start like a JSON object or array: a banner, a log line
	Foreign                       // another framing: a Content-Length or HTTP header line
)

// IDType is the JSON type of a message's id.
type IDType uint8

// The types of ids. MCP allows only strings and numbers; the others are seen in the wild.
const (
	NoID     IDType = iota // the message has no id member
	NullID                 // null
	StringID               // a string
	NumberID               // a number, integral or not
	OtherID                // an object, array or boolean
)

// Bounds of what a Message keeps of the members that make it JSON-RPC, in bytes.
const (
	MaxIDText      = 64
	MaxMethodText  = 128
	MaxVersionText = 16
)

// maxHashedID is how many bytes of an id's text its hash covers in the decoded form.
const maxHashedID = 1024

// seed is the seed of every hash in the process, so that ids of the two directions can be compared. It is random, so
// that no peer can construct values with the same hash.
var seed = maphash.MakeSeed()

// ID is a message's id: its type, its exact text, and a hash of the whole id.
//
// Two ids are equal if and only if their Type and Hash are. The number 1 and the string "1" are different ids
// (JSON-RPC 2.0, section 4), and so are 1 and 1.0, since numbers are compared as written. The hash covers the entire
// id, however long: the decoded text, or, of a string of more than 1 KiB, the bytes as they came. It is seeded at
// random in each process and must never leave it.
type ID struct {
	Type      IDType
	Text      []byte // a string's decoded text, or a number as written; at most MaxIDText bytes
	Truncated bool   // Text is not the whole id
	Hash      uint64 // 0 if Type is NoID or NullID
}

// newID returns the id of a value, whose text has the given hash.
func newID(typ ValueType, text []byte, truncated bool, hash uint64) ID {
	id := ID{Type: OtherID}
	switch typ {
	case Null:
		return ID{Type: NullID}
	case String:
		id = ID{Type: StringID, Text: text, Truncated: truncated}
	case Number:
		id = ID{Type: NumberID, Text: text, Truncated: truncated}
	}
	// Mixing in the type keeps ids of different types apart, even if their texts are the same.
	id.Hash = hash ^ uint64(id.Type)*0x9e3779b97f4a7c15
	return id
}

// ValueType is the JSON type of a picked value.
type ValueType uint8

// The JSON types (RFC 8259, section 3), with true and false as types of their own.
const (
	String ValueType = iota + 1
	Number
	True
	False
	Null
	Object
	Array
)

// Value is one picked member of a message. The scanner owns the bytes of Text: they are valid until the emit function
// returns, and must not be changed.
type Value struct {
	Field     int       // index of its path among those that the Table was compiled from
	Type      ValueType // JSON type
	Text      []byte    // decoded text (Text) or the bytes as they came (Raw), at most Path.Max of them
	Truncated bool      // Text is not the whole value
	Size      int64     // bytes of the whole value on the wire, quotes and brackets included
	Hash      uint64    // keyed hash of the bytes as they came, if Path.Want has Hash; must never leave the process
	Tokens    int64     // estimate of those whose Path.Want has Tokens: of this value, or of all that are in it
	Count     int       // number of elements of an array that a path leads into
	Index     int       // of a value below an array: which element it is, or is in; by it, members of an element are paired

	node *node // its place in the table
}

// ID returns the id that the value names, such as params.requestId of notifications/cancelled. It equals the ID of
// the message it refers to, provided that the value is a string, a number or null, was picked as Text, and is not
// truncated. The ID shares the value's Text.
func (v *Value) ID() ID {
	return newID(v.Type, v.Text, v.Truncated, maphash.Bytes(seed, v.Text))
}

// Message is one JSON-RPC message, or one line that is not one. The scanner owns it and every slice in it, and reuses
// them: they are valid until the emit function returns. Copy what you keep.
type Message struct {
	Kind    Kind
	Batch   bool      // an element of a JSON array of messages
	ID      ID        // of a request or a response
	Method  []byte    // of a request or notification, decoded, at most MaxMethodText bytes
	Version []byte    // the jsonrpc member, decoded, at most MaxVersionText bytes; empty if there is none
	Size    int64     // bytes on the wire without the newline; of a batch's element, its own bytes
	First   time.Time // when the chunk with the first byte was read
	Last    time.Time // when the chunk with the newline was read; of a batch's element, the chunk with its last byte
	BOM     bool      // a byte order mark stands before it
	Reason  string    // of a Malformed line and of NotRPC, what is wrong with it: a static string
	Cut     bool      // a request that breaks off where its reader stopped reading, see Scanner.Abort
	Dropped int       // values below arrays that were found and not kept, because the message's bounds were reached
	End     int64     // bytes of the stream up to its end; of a batch's element, up to where its chunk begins at least
	Values  []Value   // the picked values in the order they came; of members with the same key only the last

	// Method or Version is not the whole text. One that is cut before a long character is shorter than its bound.
	MethodTruncated, VersionTruncated bool
}
