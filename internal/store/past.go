package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file holds what is remembered of the servers: DIR/past has a file for each, which is made of digests. A server is
// known by its service.name: that is known before it has said anything, so that a session can read the one file when it
// starts. A session adds itself at its end. What it could not add, because it was killed or had no time, the retention adds.

const (
	pastName   = "past"
	pastSuffix = ".json"
	lockSuffix = ".lock"
	maxServers = 200
	// pastPatience is how long one waits for another process that writes the same file.
	pastPatience = time.Second
)

// errPast is the error of a file about a server's past that cannot be read.
var errPast = errors.New("what was remembered of this server's earlier sessions is damaged; it is made again")

// pastID returns the name of a server's files, without what cannot stand in one.
func pastID(service string) string {
	sum := sha256.Sum256([]byte(service))
	return hex.EncodeToString(sum[:8])
}

// Past returns what is remembered of a server's earlier sessions. That is one small file; if it is missing or damaged, it is
// made again from the digests, until the context is done. Then the error is nil or errPast, and the past is there; with
// another error it is nil.
func (s *Store) Past(ctx context.Context, service string) (*past.Past, error) {
	p, err := s.readPast(service)
	if err == nil {
		return p, nil
	}
	damaged := errors.Is(err, errPast)
	if !damaged && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	p, err = s.makePast(ctx, service)
	if err == nil && damaged {
		err = errPast
	}
	return p, err
}

// readPast reads the file about a server.
func (s *Store) readPast(service string) (*past.Past, error) {
	dir, err := s.pastDir(false)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	text, err := readFile(dir, pastID(service)+pastSuffix, past.MaxSize+1)
	if err != nil {
		return nil, err
	}
	p, err := past.Decode(text)
	if errors.Is(err, past.ErrLater) {
		return nil, &fs.PathError{Op: "read", Path: filepath.Join(dir.Name(), pastID(service)+pastSuffix), Err: err}
	}
	if err != nil || p.Service != service {
		return nil, errPast
	}
	return p, nil
}

// Remembered returns of how many servers earlier sessions are remembered, and the day of the first of these; no servers if that
// cannot be read.
func (s *Store) Remembered() (servers int, since time.Time) {
	dir, err := s.pastDir(false)
	if err != nil {
		return 0, time.Time{}
	}
	defer func() { _ = dir.Close() }()
	entries, _ := fs.ReadDir(dir.FS(), ".")
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), pastSuffix) {
			continue
		}
		var p struct {
			Sessions int
			Since    past.Day
		}
		text, err := readFile(dir, e.Name(), past.MaxSize+1)
		if err != nil || json.Unmarshal(text, &p) != nil || p.Sessions == 0 {
			continue
		}
		if day := p.Since.Time(); servers == 0 || day.Before(since) {
			since = day
		}
		servers++
	}
	return servers, since
}

// pastDir opens the directory of the files, which it makes if that is wanted.
func (s *Store) pastDir(create bool) (*os.Root, error) {
	if !create {
		root, err := os.OpenRoot(s.Dir)
		if err != nil {
			return nil, err
		}
		defer func() { _ = root.Close() }()
		return openDir(root, pastName)
	}
	root, err := makeRoot(s.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	return openOrMakeDir(root, pastName)
}

// makePast makes the file about a server from the digests of its sessions, unless another process just has. What could only not
// be written, to a full disk, is there all the same.
func (s *Store) makePast(ctx context.Context, service string) (*past.Past, error) {
	sessions, err := s.Sessions()
	if err != nil {
		return nil, err
	}
	var p *past.Past
	err = s.changePast(ctx, service, func(known *past.Past) bool {
		p = known
		for i := len(sessions) - 1; i >= 0; i-- { // the oldest first
			if one := &sessions[i]; one.Service == service && one.isOver() {
				s.learn(ctx, p, one, nil)
			}
		}
		return true
	})
	if p != nil {
		err = nil
	}
	return p, err
}

// isOver reports whether nothing more will be written about a session.
func (s *Session) isOver() bool { return s.State == Ended || s.State == Killed }

// changePast changes what is remembered of a server, under a lock. What cannot be read counts as empty.
func (s *Store) changePast(ctx context.Context, service string, change func(*past.Past) (changed bool)) error {
	dir, err := s.pastDir(true)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	lock, err := openOrMakeFile(dir, pastID(service)+lockSuffix)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := takePatiently(ctx, lock); err != nil {
		return err
	}
	p, err := s.readPast(service)
	isNew := errors.Is(err, fs.ErrNotExist)
	if errors.Is(err, past.ErrLater) {
		return err
	}
	if err != nil {
		p = past.New(service)
	}
	if !change(p) {
		return nil
	}
	text, err := p.Encode()
	if err != nil {
		return err
	}
	if isNew {
		makeRoomForPast(dir)
	}
	return replace(dir, pastID(service)+pastSuffix, text, false)
}

// takePatiently locks a file, and waits a while for another process that has it. Where files cannot be locked, it goes on
// without: then of two processes that write at once one is lost, until the retention adds it.
func takePatiently(ctx context.Context, f *os.File) error {
	for until := time.Now().Add(pastPatience); ; {
		err := lockfile.Try(f)
		if err == nil || !errors.Is(err, lockfile.ErrLocked) {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("%s: %w", filepath.Base(f.Name()), err)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// learn adds a session to what is remembered of its server. One that cannot be read whole adds what can be read.
func (s *Store) learn(ctx context.Context, p *past.Past, one *Session, findings []record.Finding) bool {
	if ctx.Err() != nil || p.Has(one.Name) || time.Since(one.Launched) > DigestAge {
		return false
	}
	sum := past.NewSession()
	_ = one.Digest(func(op *record.Operation) bool {
		sum.Add(op)
		return ctx.Err() == nil
	})
	if ctx.Err() != nil {
		return false // another time, and whole
	}
	p.Merge(sum, past.About{
		Name: one.Name, Client: one.Client.Name, Version: one.Server.Version, Day: past.DayOf(one.Launched), Findings: findings,
	})
	return true
}

// makeRoomForPast removes the file that was not written to for the longest time, if there are as many as are kept.
func makeRoomForPast(dir *os.Root) {
	entries, _ := fs.ReadDir(dir.FS(), ".")
	count, oldest, at := 0, "", time.Time{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), pastSuffix) {
			if count++; oldest == "" || info.ModTime().Before(at) {
				oldest, at = e.Name(), info.ModTime()
			}
		}
	}
	if count >= maxServers {
		removePast(dir, strings.TrimSuffix(oldest, pastSuffix))
	}
}

// removePast removes the files about a server. A process that has the lock open goes on with it, and is alone with that.
func removePast(dir *os.Root, id string) {
	_ = dir.Remove(id + pastSuffix)
	_ = dir.Remove(id + lockSuffix)
}
