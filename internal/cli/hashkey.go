package cli

import (
	"errors"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry"
)

// keyPatience is how long a session's start may wait for the key, and for the name of an account: a disk or a directory service
// that hangs is not the session's concern.
const keyPatience = 250 * time.Millisecond

// errSlow is the error of what has not answered within keyPatience.
var errSlow = errors.New("no answer within " + keyPatience.String())

// inTime calls f and returns its result, or errSlow if that takes longer than keyPatience.
func inTime[T any](f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() { // ends with the disk or the service, or with the process
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-time.After(keyPatience):
		var none T
		return none, errSlow
	}
}

// hashKeyPath returns the file of the key of all hashes, or "" without a place for one.
func (a *app) hashKeyPath() string {
	if a.options.hashKeyFile != "" {
		return expandHome(runtime.GOOS, a.options.hashKeyFile, ownEnvironment(a.Environ))
	}
	if dir := a.stateDir(); dir != "" {
		return filepath.Join(dir, store.KeyName)
	}
	return ""
}

// readHashKey reads the key of all hashes: the fleet's, if there is one, or else the store's, which it makes if need be. A
// fleet's key that cannot be read is not replaced by another, whose hashes nothing could be compared with.
func (a *app) readHashKey() (store.Key, error) {
	path := a.hashKeyPath()
	switch {
	case a.options.hashKeyFile != "" && path != "":
		return store.ReadKey(path)
	case path == "":
		return nil, errNoHome
	case a.previewing: // stores nothing
		key, err := store.Open(filepath.Dir(path)).KnownKey()
		if key == nil && err == nil {
			key = store.RandomKey()
		}
		return key, err
	}
	return store.Open(filepath.Dir(path)).Key()
}

// hashKey returns what returns the key of all hashes of a session, or nil. It is read once, when it is needed first. Why there
// is none is reported, unless it is a problem of the store, which reports it itself.
func (a *app) hashKey(logger *slog.Logger) func() store.Key {
	return sync.OnceValue(func() store.Key {
		key, err := inTime(a.readHashKey)
		if err == nil {
			return key
		}
		hint := "SPANPIPE_HASH_KEY_FILE must name a file of at least 32 bytes, which openssl rand -hex 32 makes"
		if a.options.hashKeyFile == "" {
			if !a.options.hashesUser() && (errors.Is(err, errSlow) || errors.Is(err, errNoHome)) {
				return nil
			}
			hint = "SPANPIPE_DIR sets the directory of the key, and SPANPIPE_HASH_KEY_FILE names one to use instead"
		}
		logger.Warn("no hashes are made: it is not known which client and which account a session belongs to",
			"error", err.Error(), "hint", hint)
		return nil
	})
}

// identify lets a session's telemetry say which client and which account it belongs to, by hashes.
func (a *app) identify(l *launch, logger *slog.Logger) {
	key := a.hashKey(logger)
	if a.hashesClients(l.telemetry.Policy) {
		l.telemetry.Client = func() telemetry.Client { return a.client(key()) }
	}
	if a.options.hashesUser() {
		l.telemetry.User = func() string { return a.user(key(), logger) }
	}
}

// hashesClients reports whether the start and the session of a client are hashed: with a store, whose sessions are shown by
// client, and with a key of one's own.
func (a *app) hashesClients(p consent.Policy) bool {
	return p.Has(consent.Local) || p.On() && a.options.hashKeyFile != ""
}

// hashesUser reports whether the account is hashed.
func (o *options) hashesUser() bool { return o.user == "hash" }
