package framing

import "time"

// Kind says what a line, or one element of a batch, turned out to be.
type Kind uint8

// The kinds of JSON-RPC 2.0, and the kinds of what is not JSON-RPC.
const (
	Request       Kind = iota + 1 // a method and an id
	Notification                  // a method and no id
	Response                      // a result
	ErrorResponse                 // an error
	NotRPC                        // valid JSON that is no JSON-RPC message
	Malformed                     // starts like JSON and breaks off or breaks the grammar
	Noise                         // text that does not start like a JSON object or array: a banner, a log line
	Foreign                       // another framing: a Content-Length or HTTP header line
)

// IDType is the JSON type of a message's id.
type IDType uint8

// The types an id can have. Only strings and numbers are legal in MCP; the others are seen in the wild.
const (
	NoID     IDType = iota // the message has no id member
	NullID                 // null
	StringID               // a string
	NumberID               // a number, integral or not
	OtherID                // an object, array or boolean
)

// ID is a message's id: its type, its exact text, and a hash that stands for the whole of it.
//
// Two ids are the same exactly if their Type and Hash are: the hash is seeded at random in each process, covers the
// type and the entire decoded text whatever its length, and is never to leave the process.
type ID struct {
	Type      IDType
	Text      []byte // a string's decoded text, or a number as written; at most MaxIDText bytes
	Truncated bool   // Text is not all of it
	Hash      uint64
}

// MaxIDText bounds the bytes kept of an id's text.
const MaxIDText = 64

// MaxMethodText bounds the bytes kept of a method's name.
const MaxMethodText = 128

// MaxVersionText bounds the bytes kept of the jsonrpc member.
const MaxVersionText = 16

// ValueType is the JSON type of a picked value.
type ValueType uint8

// The JSON types.
const (
	String ValueType = iota + 1
	Number
	True
	False
	Null
	Object
	Array
)

// Value is one picked member of a message. Its Text is valid only until the emit function returns, and not to be changed: it may
// stand in the bytes that are being scanned.
type Value struct {
	Field     int       // index into the paths that the Table was compiled from
	Type      ValueType // what the value is
	place     int32     // number of its node in the table
	Text      []byte    // decoded text (Text) or the bytes as they came (Raw), at most Path.Max of them
	Truncated bool      // Text is not all of it
	lent      bool      // Text stands in the chunk that is being scanned
	Size      int64     // bytes of the whole value on the wire, quotes and brackets included
	Hash      uint64    // keyed hash of the value's bytes as they came, if Path.Want has Hash; never to leave the process
	Count     int       // number of elements, if Path.Want has Count and the value is an array
}

// Message is one JSON-RPC message, or one line that is none. It is lent to the emit function: neither it nor any byte
// slice in it may be kept, copy what is needed.
type Message struct {
	Kind    Kind
	Batch   bool      // an element of a JSON array of messages
	ID      ID        // of a request or a response
	Method  []byte    // of a request or notification, decoded, at most MaxMethodText bytes
	Version []byte    // the jsonrpc member, decoded, at most 16 bytes; empty when there is none
	Size    int64     // bytes on the wire without the newline; of a batch's element, its own bytes
	First   time.Time // when the chunk with the first byte was read
	Last    time.Time // when the chunk with the newline was, without which no message is complete; of an element, its last byte
	Reason  string    // of a Malformed line, what was wrong: a static string
	Dropped int       // values below arrays that were met and not kept, since a message's bound was reached
	Values  []Value   // the picked values in the order met; of a repeated key only the last
}

// Value returns the last picked value of the field, or nil if the message has none.
func (m *Message) Value(field int) *Value {
	for i := len(m.Values) - 1; i >= 0; i-- {
		if m.Values[i].Field == field {
			return &m.Values[i]
		}
	}
	return nil
}

// Text returns the text of the field's last value, or nil if the message has none.
func (m *Message) Text(field int) []byte {
	if v := m.Value(field); v != nil {
		return v.Text
	}
	return nil
}
