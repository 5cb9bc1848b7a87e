package session

// Observer is told what the tracker finds out, from within Observe, Advance and Close, in the same goroutine.
type Observer interface {
	// Started is called when an operation begins. Its Parent, if it has one, has begun and not finished.
	Started(op *Operation)
	// Finished is called once for every started operation.
	Finished(op *Operation)
	// Noted is called for what is no operation. The note is only lent.
	Noted(n *Note)
}

// Note is a notification, or something that should not have been on the wire.
type Note struct {
	Message   *Message
	Violation Violation // what was wrong with the message; empty for a notification
	// Operation is the open operation that a notification belongs to, where that is unambiguous; of a cancellation, the
	// one that it has just ended.
	Operation *Operation
}

// Violation is a kind of message that the protocol does not allow.
type Violation string

// The kinds of violations.
const (
	Noise          Violation = "noise"           // text that is not JSON
	InvalidJSON    Violation = "invalid_json"    // broken JSON
	NotJSONRPC     Violation = "not_jsonrpc"     // JSON, but no JSON-RPC message
	ForeignFraming Violation = "foreign_framing" // Content-Length or HTTP headers
	OrphanResponse Violation = "orphan_response" // an answer to nothing that was asked
	LateResponse   Violation = "late_response"   // an answer to a request that was cancelled or given up
	NullID         Violation = "null_id"         // a request or answer whose id is neither string nor number
	DuplicateID    Violation = "duplicate_id"    // a request with the id of one that is still in flight
	IDMismatch     Violation = "id_mismatch"     // an answer whose id was only alike
)

// End is why a session ended.
type End uint8

// How a session can end.
const (
	ClientLeft End = iota // the client closed its end, then the server ended
	ServerLeft            // the server ended while the client was still there
)
