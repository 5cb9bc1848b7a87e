package otlp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// This file reads the files that variables, or a policy, name. They may be on a file system that hangs.

const (
	// maxPEM bounds a file of certificates or of a key, in bytes: all authorities of a system take a quarter of a megabyte.
	maxPEM = 4 << 20
	// filePatience is how long a file may take that is read before the session's telemetry begins.
	filePatience = 500 * time.Millisecond
)

// readPEM reads a file of certificates or of a key.
func readPEM(path string) ([]byte, error) {
	return inTime(filePatience, func() ([]byte, error) {
		text, _, err := readRegular(path, maxPEM)
		return text, err
	})
}

// inTime calls f, and returns an error if that takes longer than the patience.
func inTime(patience time.Duration, f func() ([]byte, error)) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // ends with the read; if the file system hangs, with the process
		text, err := f()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-time.After(patience):
		return nil, errors.New("it could not be read within " + patience.String())
	}
}

// readRegular reads a regular file: a pipe would block. It may be a symbolic link, as those of Kubernetes' Secrets are. Its error does
// not name the file: a user's name may stand in the path.
func readRegular(path string, most int64) (text []byte, mode fs.FileMode, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, pathless(err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("it is not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, pathless(err)
	}
	defer func() { _ = file.Close() }() // was only read
	text, err = io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("it is larger than %d KiB", most>>10)
	}
	return text, info.Mode(), pathless(err)
}

// pathless returns an error without the path.
func pathless(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
