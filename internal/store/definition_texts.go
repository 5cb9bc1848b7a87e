package store

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/definitions"
)

// This file keeps the texts of definitions, redacted: DIR/definitions/ID.texts.json beside what is compared. It is content, and
// expires as such; one that is damaged is replaced, since nothing is pinned in it. One of a later version is left to that version
// until all of it has expired.

const (
	textsSuffix   = ".texts.json"
	textsVersion  = 1
	maxTextsFile  = 1 << 20 // bytes
	textsOverhead = 1 << 10 // of them for what is not a text
	waitingTexts  = 4       // observations with texts that wait for the disk
)

// textsFile is what a file of texts holds.
type textsFile struct {
	Version int                `json:"version"`
	Service string             `json:"service"`
	Texts   []definitions.Text `json:"texts"`
}

// readTexts reads the texts that have not expired, and reports whether others have. There are none if they cannot be read.
func (s *Store) readTexts(dir *os.Root, id string, now time.Time) (f textsFile, expired bool, err error) {
	text, err := readFile(dir, id+textsSuffix, maxTextsFile+1)
	if errors.Is(err, fs.ErrNotExist) {
		return f, false, nil
	} else if err != nil {
		return f, false, err
	}
	if fileVersion(text, "version") > textsVersion {
		name := filepath.Join(dir.Name(), id+textsSuffix)
		if info, err := dir.Lstat(id + textsSuffix); err == nil && s.Keep.expired(info.ModTime(), now) {
			return f, true, nil // and so has each text in it
		}
		return f, false, &fs.PathError{Op: "read", Path: name, Err: errLater}
	}
	if len(text) > maxTextsFile || json.Unmarshal(text, &f) != nil || f.Version != textsVersion {
		return textsFile{}, true, nil //nolint:nilerr // what is damaged is removed like what has expired
	}
	left := f.Texts[:0]
	for _, t := range f.Texts {
		if !s.Keep.expired(t.Captured, now) {
			left = append(left, t)
		}
	}
	expired = len(left) < len(f.Texts) || len(left) == 0
	f.Texts = left
	return f, expired, nil
}

// writeTexts writes texts, as far as there is room, the first ones first. Without any there is no file.
func writeTexts(dir *os.Root, id string, f textsFile) error {
	f.Version = textsVersion
	texts, size := f.Texts, textsOverhead+len(f.Service)
	f.Texts = nil
	for _, t := range texts {
		one, err := json.Marshal(t)
		if err == nil && size+len(one)+1 <= maxTextsFile {
			size += len(one) + 1 // and a comma
			f.Texts = append(f.Texts, t)
		}
	}
	if len(f.Texts) == 0 {
		return removeTexts(dir, id)
	}
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return replace(dir, id+textsSuffix, append(text, '\n'), false)
}

func removeTexts(dir *os.Root, id string) error {
	if err := dir.Remove(id + textsSuffix); !errors.Is(err, fs.ErrNotExist) {
		return within(dir, err)
	}
	return nil
}

// keepTexts adds the texts of an observation, and leaves out those of forms that are none of the present or the one before.
// What is there is written again only when it has become somewhat older. News reports that the state has changed.
func (s *Store) keepTexts(dir *os.Root, id string, state *definitions.State, o *definitions.Observation, news bool) error {
	f, changed, err := s.readTexts(dir, id, o.Time)
	if err != nil {
		return err
	}
	fresh := s.freshTexts()
	have := map[definitions.Form]definitions.Text{}
	for _, t := range f.Texts {
		have[t.Form] = t
	}
	for _, t := range o.Texts {
		old, known := have[t.Form]
		if !known || t.Captured.Sub(old.Captured) >= fresh {
			have[t.Form], changed = t, true
		}
	}
	if !changed && !news || len(have) == 0 && len(f.Texts) == 0 {
		return nil
	}
	f.Service, f.Texts = state.Service, nil
	for _, form := range state.Forms() {
		if t, ok := have[form]; ok {
			f.Texts = append(f.Texts, t)
			delete(have, form)
		}
	}
	return writeTexts(dir, id, f)
}

// freshTexts is for how long a text that is captured again is not written again, and how late one that has expired may be removed.
func (s *Store) freshTexts() time.Duration {
	const share = 24
	if s.Keep.Content > 0 {
		return min(time.Hour, s.Keep.Content/share)
	}
	return time.Hour
}

// stoppedTimer returns a timer that does not run.
func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// planExpiry plans when a session that runs looks for texts that have expired.
func (d *Definitions) planExpiry() {
	if d.store.Keep.Content > 0 {
		d.expiry.Reset(max(d.store.freshTexts(), time.Second))
	}
}

// DefinitionTexts returns the texts of a server's definitions that are kept. Those that have expired are removed.
func (s *Store) DefinitionTexts(id string, now time.Time) (map[definitions.Form]definitions.Text, error) {
	texts, expired, err := s.LookAtDefinitionTexts(id, now)
	if expired {
		s.expireTexts(id, now)
	}
	return texts, err
}

// LookAtDefinitionTexts is DefinitionTexts without a change of the store. It reports whether some have expired.
func (s *Store) LookAtDefinitionTexts(id string, now time.Time) (texts map[definitions.Form]definitions.Text, expired bool, err error) {
	root, dir, err := s.definitionsDir(openDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	f, expired, err := s.readTexts(dir, id, now)
	_, _ = dir.Close(), root.Close() // they were only read
	if err != nil {
		return nil, false, err
	}
	texts = map[definitions.Form]definitions.Text{}
	for _, t := range f.Texts {
		texts[t.Form] = t
	}
	return texts, expired, nil
}

// expireTexts removes the texts of a server that have expired. What cannot be removed is left to the next time.
func (s *Store) expireTexts(id string, now time.Time) {
	_ = s.lockDefinitions(func(dir *os.Root) error {
		f, expired, err := s.readTexts(dir, id, now)
		if err != nil || !expired {
			return err
		}
		return writeTexts(dir, id, f)
	})
}

// pruneTexts removes texts that have expired, and those of servers of which the user has removed sessions: they may be of these.
func (s *Store) pruneTexts(ctx context.Context, all []candidate, plan Plan) {
	root, dir, err := s.definitionsDir(openDir)
	if err != nil {
		return // there are none
	}
	defer func() { _, _ = dir.Close(), root.Close() }()
	lost := map[string]bool{}
	for i := range all {
		if plan.Whole != nil && all[i].removed {
			lost[all[i].meta.Service] = true
		}
	}
	entries, _ := fs.ReadDir(dir.FS(), ".")
	pruned := &Store{Dir: s.Dir, Keep: plan.Keep}
	for _, e := range entries {
		id, rest, ok := strings.Cut(e.Name(), textsSuffix)
		if !ok || ctx.Err() != nil {
			continue
		}
		if rest != "" { // a process that was killed has left it
			if info, err := e.Info(); err == nil && plan.Now.Sub(info.ModTime()).Abs() >= time.Hour {
				_ = dir.Remove(e.Name())
			}
			continue
		}
		f, expired, err := pruned.readTexts(dir, id, plan.Now)
		switch {
		case err != nil:
		case lost[f.Service]:
			_ = s.lockDefinitions(func(dir *os.Root) error { return removeTexts(dir, id) }) // the next time, if it fails
		case expired:
			pruned.expireTexts(id, plan.Now)
		}
	}
}
