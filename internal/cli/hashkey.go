package cli

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry"
)

// hashKeyPath returns the file of the key of all hashes, or "" without a place for one.
func (a *app) hashKeyPath() string {
	if file := a.hashKeyFile(); file != "" {
		return expandHome(runtime.GOOS, file, ownEnvironment(a.Environ))
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
	case a.hashKeyFile() != "" && path != "":
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

// hashKey begins to read the key of all hashes of a session, and returns what waits for it: nil without one. Why there is none is
// reported, unless it is a problem of the store, which reports it itself.
func (a *app) hashKey(logger *slog.Logger) (wait func() store.Key) {
	return begin(func() store.Key {
		key, err := inTime(a.readHashKey)
		if err == nil {
			return key
		}
		hint := "SPANPIPE_HASH_KEY_FILE must name a file of at least 32 bytes, which openssl rand -hex 32 makes"
		switch a.hashKeyFile() {
		case "":
			if !a.options.hashesUser() && (errors.Is(err, errSlow) || errors.Is(err, errNoHome)) {
				return nil
			}
			hint = "SPANPIPE_DIR sets the directory of the key, and SPANPIPE_HASH_KEY_FILE names one to use instead"
		case a.options.hashKeyFile:
		default:
			hint = "hash_key_file in " + a.fleet.file + " must name a file of at least 32 bytes that its users can read"
		}
		logger.Warn("no hashes are made: it is not known which client and which account a session belongs to",
			"error", err.Error(), "hint", hint)
		return nil
	})
}

// hashesClients reports whether the start and the session of a client are hashed: with a store, whose sessions are shown by
// client, and with a key of one's own. That a policy supplies a key is no wish of the user's.
func (a *app) hashesClients(p consent.Policy) bool {
	return p.Has(consent.Local) || p.On() && a.options.hashKeyFile != ""
}

// hashesUser reports whether the account is hashed.
func (o *options) hashesUser() bool { return o.user == "hash" }

// openDefinitions opens what is known of the definitions of the server of a command. Its error has been reported.
func (a *app) openDefinitions(
	key store.Key, command []string, service string, logger *slog.Logger,
) (telemetry.Definitions, error) {
	dir := a.stateDir()
	if key == nil || dir == "" {
		return nil, errNoHome // reported with the key, or the store
	}
	sub, err := key.Subkey("definitions")
	if err != nil {
		return nil, err
	}
	d, err := inTime(func() (*store.Definitions, error) {
		return (&store.Store{Dir: dir, Keep: a.options.keep}).OpenDefinitions(store.DefinitionsConfig{
			ID: keyedHash(sub, identityOf(command, service)), Service: service, Key: sub, Check: keyedHash(sub, "check"),
			Logger: logger,
		})
	})
	if err != nil {
		logger.Warn("what is known of the server's definitions is not used: changes are noticed within the session alone",
			"error", err.Error())
		return nil, err
	}
	return d, nil
}

// identityOf returns what a server is taken for the same by: what it is called, and the addresses on its command line, which
// are what a bridge leads to. It is nothing that the server itself says, which could say something else to be taken for new.
// Versions are no part of it. A server without a name of its own is known by its whole command line.
func identityOf(command []string, service string) string {
	identity := "service " + service
	for _, arg := range command {
		if address, _, _ := strings.Cut(arg, "?"); service == telemetry.UnnamedService || strings.Contains(address, "://") {
			identity += "\x00" + address
		}
	}
	return identity
}

// keyedHash returns 64 bits of a keyed hash.
func keyedHash(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // never fails
	return hex.EncodeToString(h.Sum(nil)[:8])
}
