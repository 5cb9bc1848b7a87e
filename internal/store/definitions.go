package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
)

// This file keeps what is known of servers' definitions: DIR/definitions/ID.json for each server, written under one lock. A
// damaged file is left as it is: what a user has accepted must not be lost, nor be replaced by what an attacker's server says.

// DefinitionsName is the directory of definitions in that of the store.
const DefinitionsName = "definitions"

const (
	definitionsLock    = "lock"
	definitionsVersion = 1
	maxDefinitionsFile = 1 << 20 // bytes
	maxDefined         = 1000    // servers
	waitingObserved    = 64      // observations that wait for the disk
)

// errDamaged is the error of a file of definitions that cannot be read.
var errDamaged = errors.New("is damaged; remove it to begin anew")

// definitionsFile is what a file of definitions holds.
type definitionsFile struct {
	Version int    `json:"version"`
	Key     string `json:"key"` // reports whether the fingerprints are of the present key
	definitions.State
}

// Defined is what is known of one server's definitions.
type Defined struct {
	ID string
	definitions.State
	Problem error // why the file cannot be used
	key     string
}

// Defined returns what is known of all servers' definitions. A store without any has none.
func (s *Store) Defined() (all []Defined, err error) {
	root, dir, err := s.definitionsDir(openDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer func() { _, _ = dir.Close(), root.Close() }() // they were only read
	listed, err := dir.Open(".")
	if err != nil {
		return nil, within(dir, err)
	}
	names, err := listed.Readdirnames(4 * maxDefined)
	_ = listed.Close()
	if len(names) == 0 && err != nil {
		return nil, nil // it is empty
	}
	for _, name := range names {
		if !definitionsFileName.MatchString(name) || len(all) == maxDefined {
			continue
		}
		id := strings.TrimSuffix(name, ".json")
		file, err := readDefinitions(dir, id)
		all = append(all, Defined{ID: id, State: file.State, Problem: err, key: file.Key})
	}
	return all, nil
}

// Accept pins the definitions of a server as they were seen last, and returns how many.
func (s *Store) Accept(id string) (pinned int, err error) {
	err = s.changeDefinitions(id, func(f *definitionsFile) bool {
		pinned = f.Accept()
		return true
	})
	return pinned, err
}

// definitionsDir opens the directory of definitions, and DIR above it.
func (s *Store) definitionsDir(open func(*os.Root, string) (*os.Root, error)) (root, dir *os.Root, err error) {
	if root, err = os.OpenRoot(s.Dir); err != nil {
		return nil, nil, err
	}
	if dir, err = open(root, DefinitionsName); err != nil {
		_ = root.Close()
		return nil, nil, err
	}
	return root, dir, nil
}

// readDefinitions reads a file. One that does not exist is empty.
func readDefinitions(dir *os.Root, id string) (f definitionsFile, err error) {
	text, err := readFile(dir, id+".json", maxDefinitionsFile+1)
	if errors.Is(err, fs.ErrNotExist) {
		return definitionsFile{Version: definitionsVersion}, nil
	} else if err != nil {
		return f, err
	}
	if fileVersion(text, "version") > definitionsVersion {
		return definitionsFile{}, &fs.PathError{Op: "read", Path: filepath.Join(dir.Name(), id+".json"), Err: errLater}
	}
	if len(text) > maxDefinitionsFile || json.Unmarshal(text, &f) != nil || f.Version != definitionsVersion ||
		len(f.Known) > definitions.MaxKnown {
		return definitionsFile{}, &fs.PathError{Op: "read", Path: filepath.Join(dir.Name(), id+".json"), Err: errDamaged}
	}
	return f, nil
}

// changeDefinitions changes a file under the lock, unless change reports that there is nothing to change.
func (s *Store) changeDefinitions(id string, change func(*definitionsFile) bool) error {
	return s.lockDefinitions(func(dir *os.Root) error { return changeDefinitionsFile(dir, id, change) })
}

// lockDefinitions calls f with the directory of definitions, which it makes if need be, under the lock.
func (s *Store) lockDefinitions(f func(dir *os.Root) error) error {
	made, err := makeRoot(s.Dir)
	if err != nil {
		return err
	}
	_ = made.Close()
	root, dir, err := s.definitionsDir(openOrMakeDir)
	if err != nil {
		return err
	}
	defer func() { _, _ = dir.Close(), root.Close() }()
	lock, err := openOrMakeFile(dir, definitionsLock)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // and with it the lock
	const tries = 20                    // of a tenth of a second: the lock is held for as long as a small file is written
	for n := 1; ; n++ {
		if err = lockfile.Take(lock); !errors.Is(err, lockfile.ErrLocked) {
			break // where files cannot be locked, the last of two writers wins
		} else if n == tries {
			return fmt.Errorf("the definitions' file: %w", err)
		}
	}
	return f(dir)
}

// changeDefinitionsFile is changeDefinitions for who has the lock.
func changeDefinitionsFile(dir *os.Root, id string, change func(*definitionsFile) bool) error {
	f, err := readDefinitions(dir, id)
	if err != nil || !change(&f) {
		return err
	}
	text, err := json.Marshal(f)
	if err == nil && len(text) > maxDefinitionsFile {
		err = errors.New("the definitions of the server are too many to be kept")
	}
	if err != nil {
		return err
	}
	if _, err := dir.Lstat(id + ".json"); errors.Is(err, fs.ErrNotExist) {
		makeRoomForDefinitions(dir)
	}
	return replace(dir, id+".json", append(text, '\n'), true)
}

// makeRoomForDefinitions removes the files of a server if there are as many as are kept: of the one that has gone without a change
// for the longest time, among those of which nothing was accepted. A server that is started with other arguments each time is
// another one each time, if it has no name.
func makeRoomForDefinitions(dir *os.Root) {
	entries, _ := fs.ReadDir(dir.FS(), ".")
	var files []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && definitionsFileName.MatchString(e.Name()) {
			files = append(files, info)
		}
	}
	if len(files) < maxDefined {
		return
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range files {
		id := strings.TrimSuffix(info.Name(), ".json")
		f, err := readDefinitions(dir, id)
		if err == nil && !slices.ContainsFunc(f.Known, func(k definitions.Known) bool { return k.Pinned() }) {
			_ = removeTexts(dir, id) // the file below is what counts
			_ = dir.Remove(info.Name())
			return
		}
	}
}

// definitionsFileName is the name of the file of a server.
var definitionsFileName = regexp.MustCompile(`^[0-9a-f]+\.json$`)

// DefinitionsConfig describes Definitions.
type DefinitionsConfig struct {
	ID      string // of the server: lower-case hexadecimal digits
	Service string // what it is called
	Key     []byte // of fingerprints
	Check   string // tells one key from another, and nothing of it
	Logger  *slog.Logger
}

// Definitions is what is known of one server's definitions, in a session with it. One goroutine waits for the disk.
type Definitions struct {
	cfg      DefinitionsConfig
	store    *Store
	known    definitions.State
	fresh    bool // nothing was known, or nothing that can be compared
	observed chan definitions.Observation
	closing  chan struct{}
	done     chan struct{}
	expiry   *time.Timer // of texts; it runs once there are any
}

// OpenDefinitions reads what is known of a server's definitions. Fingerprints of another key cannot be compared: then what is
// known is left out, and replaced by what the server says now.
func (s *Store) OpenDefinitions(cfg DefinitionsConfig) (*Definitions, error) {
	d := &Definitions{
		cfg: cfg, store: s, observed: make(chan definitions.Observation, waitingObserved),
		closing: make(chan struct{}), done: make(chan struct{}), expiry: stoppedTimer(), fresh: true,
	}
	root, dir, err := s.definitionsDir(openDir)
	switch {
	case err == nil:
		f, err := readDefinitions(dir, cfg.ID)
		_, _ = dir.Close(), root.Close()
		if err != nil {
			return nil, err
		}
		d.fresh = f.Key != cfg.Check
		d.known = d.current(&f).State
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	go d.write() // ends with Close, or with the process if the disk hangs
	return d, nil
}

// current returns what a file holds, if its fingerprints are of the present key.
func (d *Definitions) current(f *definitionsFile) *definitionsFile {
	if f.Key != d.cfg.Check {
		*f = definitionsFile{Version: definitionsVersion, Key: d.cfg.Check}
	}
	f.Service = d.cfg.Service
	return f
}

// reportOtherKey warns if what was known of the server cannot be compared, since the key is another one. The file is then another
// one, too: its name is a hash by the key.
func (d *Definitions) reportOtherKey() {
	all, _ := d.store.Defined() // what cannot be read has been reported, or is of another server
	if slices.ContainsFunc(all, func(one Defined) bool { return one.Service == d.cfg.Service && one.key != d.cfg.Check }) {
		d.cfg.Logger.Warn("the definitions of this server begin anew, and are not pinned: there is another key",
			"server", d.cfg.Service)
	}
}

// Key returns the key of fingerprints.
func (d *Definitions) Key() []byte { return d.cfg.Key }

// Known returns what was known when it was opened.
func (d *Definitions) Known() definitions.State { return d.known.Clone() }

// Observed keeps what the server has said. It does not block: what has no room is left for the next session to notice.
func (d *Definitions) Observed(o definitions.Observation) {
	if len(d.observed) >= waitingTexts {
		o.Texts = nil
	}
	select {
	case d.observed <- o:
	default:
	}
}

// Close writes what is left, until the context is done.
func (d *Definitions) Close(ctx context.Context) {
	close(d.closing)
	select {
	case <-d.done:
	case <-ctx.Done():
	}
}

// write writes what is observed, until Close.
func (d *Definitions) write() {
	defer close(d.done)
	defer d.expiry.Stop()
	if d.fresh {
		d.reportOtherKey()
	}
	for {
		select {
		case o := <-d.observed:
			d.keep(o)
			continue
		case <-d.expiry.C:
			d.store.expireTexts(d.cfg.ID, time.Now())
			d.planExpiry()
			continue
		case <-d.closing:
		}
		for {
			select {
			case o := <-d.observed:
				d.keep(o)
				continue
			default:
				return
			}
		}
	}
}

// keep adds an observation to the file, which another session of the server may have changed since.
func (d *Definitions) keep(o definitions.Observation) {
	err := d.store.lockDefinitions(func(dir *os.Root) error {
		var state definitions.State
		news := false
		err := changeDefinitionsFile(dir, d.cfg.ID, func(f *definitionsFile) bool {
			_, news = d.current(f).Observe(o)
			state = f.State
			return news
		})
		if err == nil && len(o.Texts) > 0 {
			err = d.store.keepTexts(dir, d.cfg.ID, &state, &o, news)
			d.planExpiry()
		}
		return err
	})
	if err != nil {
		d.cfg.Logger.Warn("what the server has defined is not kept", "error", err.Error())
	}
}
