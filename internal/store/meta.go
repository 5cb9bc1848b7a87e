package store

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"time"

	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// Format is the version of the layout and of session.json. Of a session of a later version a reader takes what it knows, and
// says so; nothing but a user's command removes or changes one.
const Format = 1

// maxMeta bounds a session.json. A larger one is damage.
const maxMeta = 1 << 20

// Names in a store.
const (
	sessionsName  = "sessions"     // the directory of all sessions
	metaName      = "session.json" // of a session
	lockName      = "session.lock" // of a session
	pruneLockName = "prune.lock"
)

// Meta is what session.json holds. Times are RFC 3339, sizes bytes, durations seconds.
type Meta struct {
	Format   int       `json:"format"`
	ID       string    `json:"id"`      // spanpipe.session.id
	Version  string    `json:"version"` // of spanpipe
	Launched time.Time `json:"launched"`
	Started  time.Time `json:"started,omitzero"` // of the server's process
	Ended    time.Time `json:"ended,omitzero"`   // absent while it runs, and if its process was killed

	Service       string      `json:"service"` // service.name
	Server        record.Peer `json:"server,omitzero"`
	Client        record.Peer `json:"client,omitzero"`
	Protocol      string      `json:"protocol,omitempty"`
	Run           string      `json:"run,omitempty"`            // spanpipe.client.run: groups the servers of one client
	ClientSession string      `json:"client_session,omitempty"` // a keyed hash of the client's own id for its session

	Process Process          `json:"process"`
	Exit    *Exit            `json:"exit,omitempty"`
	Totals  Totals           `json:"totals"`
	Lost    map[string]int64 `json:"lost,omitempty"` // by reason; at the end
}

// Process identifies the process that writes the session. These are hints for people; the lock is the proof.
type Process struct {
	PID       int    `json:"pid"`
	ServerPID int    `json:"server_pid,omitempty"`
	Start     int64  `json:"start,omitempty"` // in a unit of the system's
	Boot      string `json:"boot,omitempty"`  // of the machine, and on Linux the PID's namespace; see proctree.Boot
}

// unmarshal reads a session.json. In a later version its members may have other types: those are left out.
func (m *Meta) unmarshal(text []byte) error {
	err := json.Unmarshal(text, m)
	if format := fileVersion(text, "format"); format > Format && err != nil {
		m.Format, err = format, nil
	}
	return err
}

// fileVersion returns the version of a file's format, which a member of its JSON is, or 0 if it has none.
func fileVersion(text []byte, member string) int {
	var file map[string]json.RawMessage
	var version int
	if json.Unmarshal(text, &file) != nil || json.Unmarshal(file[member], &version) != nil {
		return 0
	}
	return version
}

// errLater is the error of a file that has a later version than this program knows. It is left as it is.
var errLater = errors.New("was written by a later version of spanpipe: update this one, or remove the file to begin anew")

// thisProcess returns what is known of this process.
func thisProcess() Process {
	return Process{PID: os.Getpid(), Start: proctree.StartTime(os.Getpid()), Boot: proctree.Boot()}
}

// written returns a time as session.json can hold it: with a year of four digits, whatever the clock says.
func written(t time.Time) time.Time {
	const least, most = -62_135_596_800, 253_402_300_799 // of the years 1 to 9999
	if s := t.Unix(); s < least || s > most {
		return time.Unix(min(max(s, least), most), 0).UTC()
	}
	return t.UTC()
}

// Exit is how the server ended.
type Exit struct {
	EndedBy record.EndedBy `json:"ended_by"`
	Cause   record.Cause   `json:"cause,omitempty"`
	Code    int            `json:"code"`
	Signal  string         `json:"signal,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Open    int            `json:"open,omitempty"`
}

// Totals is what a session's operations add up to. In session.json they are those at the end; of a session that is live
// or was killed they come from its digest.
type Totals struct {
	Operations  int     `json:"operations"` // that have ended, in both directions
	Calls       int     `json:"calls"`      // those that are calls, see record.Operation.IsCall
	Failed      int     `json:"failed"`     // operations, as all below but FailedCalls and P95
	FailedCalls int     `json:"failed_calls"`
	Cancelled   int     `json:"cancelled"`
	Abandoned   int     `json:"abandoned"`
	Hung        int     `json:"hung"` // were reported as hanging
	Open        int     `json:"open"` // have not ended
	P95         float64 `json:"p95"`  // s, of answered calls
	Sent        int64   `json:"sent"` // bytes of requests and responses to the server
	Received    int64   `json:"received"`
}

// take takes what record.Totals counts.
func (t *Totals) take(sum *record.Totals) {
	t.Operations, t.Calls, t.Failed = sum.Operations, sum.Calls, sum.Failed
	t.FailedCalls, t.Cancelled, t.Abandoned, t.P95 = sum.FailedCalls, sum.Cancelled, sum.Abandoned, record.Seconds(sum.P95())
}

// add counts what record.Totals does not of an operation that has ended.
func (t *Totals) add(op *record.Operation) {
	if op.Hung {
		t.Hung++
	}
	sent, received := op.RequestSize, op.ResponseSize
	if op.Direction == record.ToClient {
		sent, received = received, sent
	}
	t.Sent += sent
	t.Received += received
}

// State is what is known of a session's process.
type State string

// The states.
const (
	Live    State = "live"
	Ended   State = "ended"   // and it has said how
	Killed  State = "killed"  // its process ended without saying so
	Unknown State = "unknown" // files cannot be locked here
)

// Session is a stored session, as a listing shows it.
type Session struct {
	Meta
	Name  string // of its directory: unique, and in the order of time
	Dir   string // its path
	State State
	Size  int64 // bytes of its files
	// Written is when its files were last written to.
	Written time.Time
	// Detail reports that spans and log records are still there. If not, only its digest is.
	Detail  bool
	Content bool   // captured content is still there, and has not expired
	Problem string // why it could be read only in part; empty if it could

	final bool // its session.json is that of the end, with the totals
	keep  Keep // the store's
}

// Later reports whether a later version of spanpipe has written the session in a format that this one does not know.
func (m *Meta) Later() bool { return m.Format > Format }

// ServerName returns what a person calls the server: what it calls itself, or the service's name.
func (m *Meta) ServerName() string {
	if m.Server.Name != "" {
		return m.Server.Name
	}
	return m.Service
}

// LastSeen returns when the session ended; of one that was killed, when it last wrote. It is zero if it may still run.
func (s *Session) LastSeen() time.Time {
	switch s.State {
	case Ended:
		return s.Ended
	case Killed:
		return s.Written
	}
	return time.Time{}
}

// nameTime is the layout of the time with which a session's name begins.
const nameTime = "20060102T150405Z"

// sessionName matches the names that makeSession gives. Other directories are the user's.
var sessionName = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}$`)
