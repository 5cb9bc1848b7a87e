package store

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spanpipe/spanpipe/internal/lockfile"
)

// keySize is the size of the key and of its subkeys, in bytes, and the least size of a fleet's key.
const keySize = 32

// maxKeySize is the most bytes of a fleet's key: what is larger is another file.
const maxKeySize = 4 << 10

// KeyName is the file of the key in the store's directory.
const KeyName = "key"

// errKeySize is the error of a file that cannot be a fleet's key.
var errKeySize = fmt.Errorf("want a file of %d to %d bytes, such as the output of: openssl rand -hex 32", keySize, maxKeySize)

// errKey is the error of a key that other users know, or may have made.
var errKey = errors.New("must be a file of your own that no other user can read; chmod 600 it, or remove it for a new one if others may have read it")

// errLinked is the error of a key that is to be written, and is also another file: one outside of the store, perhaps.
var errLinked = errors.New("has other names (hard links); remove it to get a new one")

// Key is what the keys of all hashes are derived from. Nothing else uses it.
type Key []byte

// Subkey returns the key for one purpose, such as hashing ids of clients' sessions. Keys for different purposes reveal nothing
// of each other.
func (k Key) Subkey(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k, nil, "spanpipe "+purpose, keySize)
}

// RandomKey returns a key that nothing else has.
func RandomKey() Key {
	key := make(Key, keySize)
	_, _ = rand.Read(key) // never fails, by its documentation
	return key
}

// Key returns the store's key. It is random and stays the same for as long as the store's file "key" does. Without that file
// Key makes one, and the store's directory if need be.
func (s *Store) Key() (Key, error) {
	root, err := makeRoot(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("the store's key: %w", err)
	}
	defer func() { _ = root.Close() }()
	key, err := readKey(root)
	if err != nil {
		return nil, fmt.Errorf("the store's key: %w", err)
	}
	return key, nil
}

// KnownKey returns the store's key, or nil if there is none yet. It makes nothing.
func (s *Store) KnownKey() (Key, error) {
	if _, err := os.Lstat(filepath.Join(s.Dir, KeyName)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return s.Key()
}

// Subkey returns the key for one purpose, derived from the store's.
func (s *Store) Subkey(purpose string) ([]byte, error) {
	key, err := s.Key()
	if err != nil {
		return nil, err
	}
	return key.Subkey(purpose)
}

// ReadKey reads the key of a fleet: the bytes of a file that all of its machines have. The name may be that of a symbolic
// link, as secrets have that are mounted into a container; who may read the file is the fleet's to decide.
func ReadKey(path string) (Key, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("the key: %w", err)
	} else if !info.Mode().IsRegular() || info.Size() < keySize || info.Size() > maxKeySize {
		return nil, fmt.Errorf("the key: %w", &os.PathError{Op: "read", Path: path, Err: errKeySize})
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the key: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	key, err := io.ReadAll(io.LimitReader(f, maxKeySize+1))
	if err == nil && (len(key) < keySize || len(key) > maxKeySize) {
		err = &os.PathError{Op: "read", Path: path, Err: errKeySize}
	}
	if err != nil {
		return nil, fmt.Errorf("the key: %w", err)
	}
	return key, nil
}

// readKey reads the key, or makes it. Of processes that make it at once, one does, under a lock; the others wait for that. A
// key that was written only in part, since no process has used it, is made again.
func readKey(root *os.Root) ([]byte, error) {
	f, err := openOrMakeFile(root, KeyName)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !private(info) {
		return nil, &os.PathError{Op: "open", Path: f.Name(), Err: errKey}
	}
	key := make([]byte, keySize)
	made := func() (bool, error) {
		// Only a whole one is read: the beginning of a torn one and the rest of the one in its place would be a third.
		info, err := f.Stat()
		if err != nil || info.Size() < keySize {
			return false, err
		}
		_, err = f.ReadAt(key, 0)
		return err == nil && !bytes.Equal(key, make([]byte, keySize)), err // zeros are what a power cut may leave of it
	}
	if ok, err := made(); ok || err != nil {
		return key, err
	}
	// Where files cannot be locked, processes that make the key at the very same time may disagree about it once.
	lockErr := lockfile.Take(f)
	if ok, err := made(); ok || err != nil { // by another process, which may still hold the lock
		return key, err
	} else if errors.Is(lockErr, lockfile.ErrLocked) {
		return nil, &os.PathError{Op: "lock", Path: f.Name(), Err: lockErr}
	}
	if linked(f) {
		return nil, &os.PathError{Op: "write", Path: f.Name(), Err: errLinked}
	}
	_, _ = rand.Read(key)
	// It is not synced: the start of a session would wait for a slow disk. What a power cut may leave of it is made again.
	if _, err := f.WriteAt(key, 0); err != nil {
		return nil, err
	}
	return key, nil
}
