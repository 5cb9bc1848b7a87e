package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/internal/store"
)

const (
	stateFile = "push.json"
	lockFile  = "push.lock"
)

// format is the version of the state's file. A file of a later version is not replaced.
const format = 1

// state is what was acknowledged of a session: what push.json holds.
type state struct {
	Format       int                  `json:"format"`
	Destinations map[string]*progress `json:"destinations"`
}

// progress is how far a signal was sent to a destination. Where that is it says for people only, and without secrets:
// the key of the map is what counts.
type progress struct {
	Signal   string    `json:"signal"`
	Protocol string    `json:"protocol"`
	Endpoint string    `json:"endpoint"`
	Updated  time.Time `json:"updated"`
	Sent     int64     `json:"sent"`               // spans, log records or points of metrics
	Rejected int64     `json:"rejected,omitempty"` // that the collector has not kept
	File     position  `json:"file"`
	Content  position  `json:"content,omitzero"` // of content.jsonl, whose log records are sent only if content is
	Open     bool      `json:"open,omitempty"`   // the operations that never ended were sent
	Bare     bool      `json:"bare,omitempty"`   // something was sent without its captured content
}

// errBusy is the error of a session that another push works on.
var errBusy = errors.New("another push is sending this session")

// lock keeps other pushes from the session until it is released. Where files cannot be locked it has no effect: two
// pushes at once then send the same twice.
func lock(dir *store.Files) (release func(), err error) {
	file, err := dir.OpenOrMake(lockFile)
	if err != nil {
		return nil, err
	}
	if err := lockfile.Try(file); errors.Is(err, lockfile.ErrLocked) {
		_ = file.Close()
		return nil, errBusy
	}
	return func() { _ = file.Close() }, nil
}

// maxState bounds the file. A larger one is damage.
const maxState = 1 << 20

// loadState reads the state. One that is damaged counts as none: everything is sent once more, with the same ids.
func loadState(dir *store.Files) (*state, error) {
	s := &state{}
	text, err := dir.Read(stateFile, maxState)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case json.Unmarshal(text, s) != nil:
		s = &state{}
	case s.Format > format:
		return nil, fmt.Errorf("%s was written by a later version of spanpipe", stateFile)
	}
	s.Format = format
	if s.Destinations == nil {
		s.Destinations = map[string]*progress{}
	}
	return s, nil
}

// save replaces the file. After a crash of the machine, an empty file in its place would make everything be sent again.
func (s *state) save(dir *store.Files) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return dir.Replace(stateFile, append(text, '\n'))
}
