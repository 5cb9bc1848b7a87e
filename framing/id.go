package framing

import "hash/maphash"

// ID reads a picked value that names a message by its id, such as params.requestId of notifications/cancelled. The result
// is the same as that message's ID exactly if they name the same, as long as the value has not been truncated.
func (v *Value) ID() ID {
	id := ID{Type: OtherID, Text: v.Text, Truncated: v.Truncated}
	switch v.Type {
	case String:
		id.Type = StringID
	case Number:
		id.Type = NumberID
	case Null:
		return ID{Type: NullID}
	}
	id.Hash = maphash.Bytes(seed, v.Text) ^ uint64(id.Type)*0x9e3779b97f4a7c15
	return id
}
