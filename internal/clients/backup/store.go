// Package backup writes the configuration files of MCP clients that install and uninstall change, and keeps what they were.
//
// A file is written only if it is still what was read, whole or not at all, through symbolic links, with its mode and its owner.
// Before the first write of a file its text is saved, for this user alone: it may hold secrets. The saved text is removed when no
// server of the file is wrapped any more. Undoing an edit takes back the lines that were changed, and falls back to the structure of the
// entries where others have changed these lines since; what is returned always means what that structure says.
package backup

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/lockfile"
)

// Store keeps backups in a directory. It is made for the first write.
type Store struct {
	Dir string // SPANPIPE_DIR/clients
	Now func() time.Time
}

// Edit is what a file becomes. Several of a client's Files can be one file on disk: Claude Code keeps the servers of the user and
// those of single projects in one, and symbolic links can lead several clients to one.
type Edit struct {
	Path          string          // the file, see Target
	Files         []*clients.File // as they were read
	Before, After []byte
	Servers       []*clients.Server // which of them change
}

// ErrKept is the error of a Write after which the file is what it should be, and only the backups are not.
var ErrKept = errors.New("what is kept of it is not up to date")

// ErrBusy is the error of a Write while another process changes clients' files.
var ErrBusy = errors.New("another spanpipe is changing the files of clients")

const (
	lockName     = "lock"
	lockPatience = 10 * time.Second
)

// Write writes a file. It returns ErrChanged if the file is not what it was before the edit, and reports whether the file had other
// names (hard links), which keep the old text.
func (s *Store) Write(e *Edit) (linked bool, err error) {
	root, unlock, err := s.lock()
	if err != nil {
		return false, err
	}
	defer unlock()
	m, err := readManifest(root)
	if err != nil {
		return false, err
	}
	r, err := prepare(e.Path, e.Before, e.After)
	if err != nil {
		return false, err
	}
	next, clean := m, len(wrapped(e.Files, e.After)) == 0
	if !clean {
		if next, err = s.record(root, &m, e); err == nil {
			err = next.write(root)
		}
	}
	if err != nil {
		r.discard()
		return false, errors.Join(fmt.Errorf("saving what the file was: %w", err), m.removeOthers(root))
	}
	if err := r.commit(); err != nil {
		return false, errors.Join(err, m.write(root), m.removeOthers(root))
	}
	if clean {
		next = m.with(e.Path, nil)
		err = next.write(root)
	}
	if err = errors.Join(err, next.removeOthers(root)); err != nil {
		return r.linked, fmt.Errorf("%w: %w", ErrKept, err)
	}
	return r.linked, nil
}

// lock makes and opens the directory, and waits until no other process writes.
func (s *Store) lock() (root *os.Root, unlock func(), err error) {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, nil, err
	}
	if root, err = os.OpenRoot(s.Dir); err != nil {
		return nil, nil, err
	}
	_ = root.Chmod(".", 0o700) // others' programs may have made it; the files in it are private by themselves
	f, err := root.OpenFile(lockName, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		_ = root.Close()
		return nil, nil, err
	}
	unlock = func() {
		_ = f.Close() // nothing was written
		_ = root.Close()
	}
	for last := time.Now().Add(lockPatience); ; {
		err := lockfile.Take(f)
		switch {
		case err == nil:
			return root, unlock, nil
		case !errors.Is(err, lockfile.ErrLocked):
			unlock()
			return nil, nil, err
		case time.Now().After(last):
			unlock()
			return nil, nil, ErrBusy
		}
	}
}

// record saves the texts of a file and returns the manifest that names them.
func (s *Store) record(root *os.Root, m *manifest, e *Edit) (manifest, error) {
	before, err := s.before(root, m, e)
	if err != nil {
		return *m, err
	}
	info, err := os.Stat(e.Path)
	if err != nil {
		return *m, err
	}
	f, client := e.Files[0], cmp.Or(e.Files[0].Client.ID, "file") // one that was named has no client
	next := entry{
		Path: e.Path, Client: client, Scope: string(f.Scope), Project: f.Project, Mode: fmt.Sprintf("%04o", info.Mode().Perm()),
		Servers: wrapped(e.Files, e.After), Written: s.Now().UTC().Truncate(time.Second),
	}
	if next.Before, err = keep(root, client, before); err != nil {
		return *m, err
	}
	if next.Left, err = keep(root, client, e.After); err != nil {
		return *m, err
	}
	return m.with(e.Path, &next), nil
}

// before returns what a file would be without spanpipe: what was saved when spanpipe came first, and with it what others have
// changed since.
func (s *Store) before(root *os.Root, m *manifest, e *Edit) ([]byte, error) {
	if m.find(e.Path) == nil || len(wrapped(e.Files, e.Before)) == 0 {
		return e.Before, nil
	}
	before, left, err := m.texts(root, e.Path)
	if err != nil {
		return nil, err
	}
	if before != nil && string(left) == string(e.Before) {
		return before, nil
	}
	return undo(e.Files, e.Before, before, left, func(*clients.File, *clients.Server) bool { return true })
}

// texts returns what a file was, and what spanpipe has left there. They are nil if nothing is kept, or was removed by hand.
func (m *manifest) texts(root *os.Root, path string) (before, left []byte, err error) {
	e := m.find(path)
	if e == nil {
		return nil, nil, nil
	}
	if before, err = kept(root, e.Before); err == nil {
		left, err = kept(root, e.Left)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	return before, left, err
}

// Undo returns the edit that removes spanpipe from a file, where it is in front of the servers that are meant: what was saved of
// the file, as far as it is still as spanpipe has left it. It writes nothing.
func (s *Store) Undo(path string, files []*clients.File, meant func(*clients.File, *clients.Server) bool) (*Edit, error) {
	before, left, err := s.saved(path)
	if err != nil {
		return nil, err
	}
	e := &Edit{Path: path, Files: files, Before: files[0].Raw}
	for _, f := range files {
		for _, server := range f.Servers {
			if server.State == clients.Wrapped && meant(f, server) {
				e.Servers = append(e.Servers, server)
			}
		}
	}
	e.After, err = undo(files, e.Before, before, left, meant)
	return e, err
}

// saved returns the texts that are kept of a file; nil if there are none.
func (s *Store) saved(path string) (before, left []byte, err error) {
	root, err := os.OpenRoot(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	defer func() { _ = root.Close() }()
	m, err := readManifest(root)
	if err != nil {
		return nil, nil, err
	}
	return m.texts(root, path)
}

// Wrapped returns the servers of a file that spanpipe has left wrapped there.
func (s *Store) Wrapped(path string) []string {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil
	}
	defer func() { _ = root.Close() }()
	if m, err := readManifest(root); err == nil && m.find(path) != nil {
		return m.find(path).Servers
	}
	return nil
}

// Kept returns the files in which texts of a file are kept.
func (s *Store) Kept(path string) (kept []string) {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil
	}
	defer func() { _ = root.Close() }()
	m, err := readManifest(root)
	if err != nil || m.find(path) == nil {
		return nil
	}
	for _, name := range []string{m.find(path).Before, m.find(path).Left} {
		if _, err := root.Lstat(name); err == nil && !slices.Contains(kept, filepath.Join(s.Dir, name)) { // a person may have removed it
			kept = append(kept, filepath.Join(s.Dir, name))
		}
	}
	return kept
}
