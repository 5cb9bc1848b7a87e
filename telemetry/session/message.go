package session

import (
	"strconv"
	"time"

	"github.com/spanpipe/spanpipe/framing"
)

// Direction is the way a message goes.
type Direction uint8

// The two directions of a stdio connection. Each has an id space of its own.
const (
	ToServer Direction = iota // on the server's stdin: the client speaks
	ToClient                  // on the server's stdout: the server speaks
)

// Opposite is the way an answer goes.
func (d Direction) Opposite() Direction { return d ^ 1 }

func (d Direction) String() string {
	if d == ToServer {
		return "to_server"
	}
	return "to_client"
}

// ID is a request's id, a progress token, or what else names a message. It is comparable with same.
type ID struct {
	Type framing.IDType
	Hash uint64 // stands for type and exact text, see framing.ID
	Text string // for people and for attributes: of requests alone, at most framing.MaxIDText bytes

	// integer is the value when the text reads as an integer, whatever its type and spelling: 7, "7" and 7.0 are sent for
	// one another by peers that pass ids through a float or a string (modelcontextprotocol/python-sdk#961).
	integer  int64
	integral bool
}

// same says whether two ids are exactly equal.
func (id ID) same(other ID) bool { return id.Type == other.Type && id.Hash == other.Hash }

// key is what the tables are indexed by: equal for ids that may stand for one another.
type key struct {
	dir      Direction
	integral bool
	value    uint64
}

func (id ID) key(dir Direction) key {
	if id.integral {
		return key{dir, true, uint64(id.integer)}
	}
	return key{dir, false, id.Hash}
}

// newID copies a scanned id. Its text is kept only on request, since it costs an allocation.
func newID(from framing.ID, keepText bool) ID {
	id := ID{Type: from.Type, Hash: from.Hash}
	if !from.Truncated {
		id.integer, id.integral = integer(from.Text)
	}
	if keepText {
		id.Text = idText(from.Text, id)
	}
	return id
}

// idText avoids an allocation for the small integers that most ids are.
func idText(text []byte, id ID) string {
	if id.integral && id.integer >= 0 && id.integer < 100 && len(text) < 3 {
		return strconv.Itoa(int(id.integer))
	}
	return string(text)
}

// integer reads digits with an optional sign, an optional fraction of zeros, and nothing else.
func integer(text []byte) (int64, bool) {
	digits, negative := text, false
	if len(digits) > 0 && digits[0] == '-' {
		digits, negative = digits[1:], true
	}
	var n int64
	i := 0
	for ; i < len(digits) && i < 18 && digits[i] >= '0' && digits[i] <= '9'; i++ {
		n = n*10 + int64(digits[i]-'0')
	}
	if i == 0 {
		return 0, false
	}
	if rest := digits[i:]; len(rest) > 0 {
		if rest[0] != '.' || len(rest) == 1 {
			return 0, false
		}
		for _, c := range rest[1:] {
			if c != '0' {
				return 0, false
			}
		}
	}
	if negative {
		n = -n
	}
	return n, true
}

// Message is one message in a form that can be kept: what the tracker needs to know, and nothing of its content.
// Times are counted from the start of the session on the monotonic clock.
type Message struct {
	Kind      framing.Kind
	Dir       Direction
	Batch     bool
	IsError   bool // result.isError is true
	ID        ID
	Method    string        // of a request or notification; of an answer, set by the tracker, what it is to
	Target    string        // the tool or prompt it is about
	First     time.Duration // when its first and its last byte had been read
	Last      time.Duration
	Size      int64  // bytes on the wire
	Code      string // an error's code
	Class     Class  // of an error or a result with isError
	Arguments uint64 // keyed hash of params.arguments; in memory only
	Reason    string // of a malformed line, what was wrong
	Extra     *Extra // what few messages have; nil for most
}

// Extra holds what only some messages carry. Zero values mean absent.
type Extra struct {
	JSONRPC  string // the jsonrpc member, if it is not "2.0"
	Protocol string // the protocol version that the message names

	PeerName, PeerVersion string // clientInfo or serverInfo: of whoever sent the message

	Traceparent, Tracestate string // params._meta, W3C trace context
	ProgressToken           ID     // of a request: the token it asks progress for; of a notification: whose progress it is

	Cancels    ID     // notifications/cancelled: params.requestId
	GaveUp     bool   // its reason reads as a timeout
	URI        string // params.uri as sent. It is content: it may be matched with a template, it may not be exported
	Level      string // notifications/message, logging/setLevel
	Logger     string
	WantsTask  bool   // params.task is present
	TaskID     string // the task that the message is about, or that a result has created
	TaskStatus string
	Related    string // _meta related-task: the task in whose course the message was sent

	ResultType string // result.resultType
	Answers    bool   // params.inputResponses is present
	State      uint64 // keyed hash of requestState; in memory only

	Listed         int      // elements of result.tools
	DefinitionSize int64    // bytes of result.tools
	Tools          []string // their names
	Templates      []string // result.resourceTemplates[].uriTemplate
}
