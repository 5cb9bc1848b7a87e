package store

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"github.com/spanpipe/spanpipe/internal/lockfile"
)

// keySize is the size of the key and of its subkeys, in bytes.
const keySize = 32

// errKey is the error of a key that other users know, or may have made.
var errKey = errors.New("must be a file of your own that no other user can read; remove it to get a new one")

// errLinked is the error of a key that is to be written, and is also another file: one outside of the store, perhaps.
var errLinked = errors.New("has other names (hard links); remove it to get a new one")

// Subkey returns the store's key for one purpose, such as hashing ids of clients' sessions. It is random and stays the same
// for as long as the store's file "key" does. Without that file it makes one, and the store's directory if need be. Keys for
// different purposes reveal nothing of each other.
func (s *Store) Subkey(purpose string) ([]byte, error) {
	root, err := makeRoot(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("the store's key: %w", err)
	}
	defer func() { _ = root.Close() }()
	key, err := readKey(root)
	if err != nil {
		return nil, fmt.Errorf("the store's key: %w", err)
	}
	return hkdf.Key(sha256.New, key, nil, "spanpipe "+purpose, keySize)
}

// readKey reads the key, or makes it. Of processes that make it at once, one does, under a lock; the others wait for that. A
// key that was written only in part, since no process has used it, is made again.
func readKey(root *os.Root) ([]byte, error) {
	f, err := openOrMakeFile(root, "key")
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
	if ok, err := made(); ok || err != nil { // by another process, which may hold the lock while a slow disk syncs
		return key, err
	} else if errors.Is(lockErr, lockfile.ErrLocked) {
		return nil, &os.PathError{Op: "lock", Path: f.Name(), Err: lockErr}
	}
	if linked(f) {
		return nil, &os.PathError{Op: "write", Path: f.Name(), Err: errLinked}
	}
	_, _ = rand.Read(key)
	if _, err := f.WriteAt(key, 0); err != nil {
		return nil, err
	}
	return key, f.Sync()
}
