package framing

import "hash/maphash"

// seal makes an id's hash of that of its text: ids of different types are different, whatever their texts. A null has
// nothing that could be told apart, and no hash.
func (id *ID) seal(text uint64) {
	if id.Type != NullID {
		id.Hash = text ^ uint64(id.Type)*0x9e3779b97f4a7c15
	}
}

// ID reads a picked value that names a message by its id, such as params.requestId of notifications/cancelled. If it is a
// string, a number or null, the result is the same as that message's ID exactly if they name the same, as long as the
// value has been picked as Text and has not been truncated.
func (v *Value) ID() ID {
	id := ID{Type: OtherID, Text: v.Text, Truncated: v.Truncated}
	switch v.Type {
	case String:
		id.Type = StringID
	case Number:
		id.Type = NumberID
	case Null:
		id.Type, id.Text = NullID, nil
	}
	id.seal(maphash.Bytes(seed, v.Text))
	return id
}
