package cli

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file turns a command-line argument into what is known of a session: SESSION or FILE.

// conversations reads what arguments name. Their definitions' fingerprints can be compared with each other. It is for one goroutine.
type conversations struct {
	*app
	key   []byte       // of fingerprints
	store *store.Store // nil until one is needed
}

// conversations resolves the settings.
func (a *app) conversations() *conversations {
	a.resolve()
	return &conversations{app: a, key: []byte(rand.Text())}
}

// stdinName is what a recording on stdin is called.
const stdinName = "stdin"

// read returns what an argument names. A file that begins as a recording is one, and so is stdin for "-"; everything else is a session
// of the store, as show finds it.
func (c *conversations) read(argument string) (*conversation.Conversation, error) {
	if argument == "-" {
		return c.recorded(stdinName, c.Stdin)
	}
	file, err := os.Open(argument)
	switch {
	case err == nil:
		defer func() { _ = file.Close() }() // it was only read
		one, err := (*conversation.Conversation)(nil), errDirectory
		if info, statErr := file.Stat(); statErr != nil || !info.IsDir() {
			one, err = c.recorded(argument, file)
		}
		if !errors.Is(err, recording.ErrNot) && !errors.Is(err, errDirectory) {
			return one, err
		}
		if one, ofStore := c.stored(argument); ofStore == nil { // a file may be called "last"
			return one, nil
		}
		return nil, &usageError{fmt.Sprintf("%s: %v, and no stored session is called that", argument, err),
			"spanpipe record writes recordings; sessions are listed by: spanpipe sessions"}
	case !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrInvalid):
		return nil, &usageError{fmt.Sprintf("cannot read %s: %v", argument, cause(err)), ""}
	case strings.ContainsRune(argument, filepath.Separator) || filepath.Ext(argument) != "":
		return nil, &usageError{fmt.Sprintf("there is no file %s", argument), "spanpipe record writes recordings; sessions are listed by: spanpipe sessions"}
	}
	return c.stored(argument)
}

// errDirectory is the error of a directory in the place of a recording.
var errDirectory = errors.New("it is a directory")

// cause returns an error of package os without the operation and the path.
func cause(err error) error {
	if of, ok := errors.AsType[*os.PathError](err); ok {
		return of.Err
	}
	return err
}

// recorded reads a recording.
func (c *conversations) recorded(name string, in io.Reader) (*conversation.Conversation, error) {
	r, err := recording.Read(bufio.NewReader(in))
	switch {
	case errors.Is(err, recording.ErrNot) && in == io.Reader(c.Stdin):
		return nil, &usageError{"stdin: " + err.Error(), "spanpipe record writes recordings"}
	case errors.Is(err, recording.ErrNot):
		return nil, err
	case err != nil:
		return nil, unreadable(name, err)
	}
	if lost := r.Lost(); lost > 0 {
		c.warn(fmt.Sprintf("%s: %s of the conversation are missing", name, view.Size(lost)))
	}
	one := conversation.Read(name, r, conversation.Config{HangAfter: c.options.hangAfter, Key: c.key})
	if one.Records.Exit == nil {
		c.warn(name + brokenOff)
	}
	return one, nil
}

// brokenOff is said of a recording without an end.
const brokenOff = ": the recording breaks off before the server has ended"

// unreadable is the error of a recording that cannot be read, with the next step.
func unreadable(name string, err error) error {
	hint := "docs/recordings.md describes the format"
	if errors.Is(err, recording.ErrLater) {
		hint = "a newer spanpipe wrote it: update this one"
	}
	return &usageError{fmt.Sprintf("reading the recording %s: %v", name, cause(err)), hint}
}

// stored reads a session of the store.
func (c *conversations) stored(asked string) (*conversation.Conversation, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	session, err := c.findSession(c.store, asked)
	if err != nil {
		return nil, err
	}
	return c.ofSession(&session)
}

// open opens the store, once.
func (c *conversations) open() (err error) {
	if c.store == nil {
		c.store, err = c.look()
	}
	return err
}

// ofSession reads a session. Of one whose details have expired, what its digest has is left.
func (c *conversations) ofSession(session *store.Session) (*conversation.Conversation, error) {
	s := &shown{app: c.app, store: c.store, session: *session}
	if err := s.load(store.Range{}); err != nil {
		return nil, err
	}
	r := s.viewed()
	if !s.session.Detail && s.session.State != store.Live {
		c.warn("session " + s.session.Name + ": its details have expired; violations and the like are not known any more")
		r.Operations = nil
		err := s.session.Digest(func(op *record.Operation) bool {
			kept := *op
			kept.Change = record.Ended
			r.Operations = append(r.Operations, kept)
			return true
		})
		if err != nil {
			return nil, s.readError(err)
		}
	}
	one := conversation.Of(s.session.Name, r)
	one.Service = s.session.Service
	return one, nil
}
