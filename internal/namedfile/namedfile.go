// Package namedfile reads files whose names come from a setting. Such a name may lead to a pipe, to a file without end, or to a file
// system that hangs, and none of these may hold up a session.
//
// Its errors do not name the file: the caller knows the setting that does, and a user's name may stand in a path.
package namedfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Read reads a regular file of at most so many bytes, and its mode: a pipe would block. It may be a symbolic link, as those of Kubernetes'
// Secrets are. If the file system hangs, so does Read, see Within.
func Read(path string, most int64) (text []byte, mode fs.FileMode, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, Reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("it is not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, Reason(err)
	}
	defer func() { _ = file.Close() }() // was only read
	text, err = io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("it is larger than %d KiB", most>>10)
	}
	return text, info.Mode(), Reason(err)
}

// Slow returns the error of a file that could not be read within a bound.
func Slow(bound time.Duration) error {
	return errors.New("it could not be read within " + bound.String())
}

// Within calls f and returns its result, or the given error if that takes longer than the bound. If f panics in time, so does Within.
func Within[T any](bound time.Duration, slow error, f func() (T, error)) (T, error) {
	type result struct {
		value    T
		err      error
		panicked any
	}
	done := make(chan result, 1)
	go func() { // ends with f; if the file system hangs, with the process
		var r result
		defer func() {
			r.panicked = recover()
			done <- r
		}()
		r.value, r.err = f()
	}()
	select {
	case r := <-done:
		if r.panicked != nil {
			panic(r.panicked)
		}
		return r.value, r.err
	case <-time.After(bound):
		var none T
		return none, slow
	}
}

// Reason returns an error without the path of its file.
func Reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
