package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Read reads the policy of this machine. It returns nil if there is none. The error does not name the file, and is one for which the
// caller must take the strictest reading.
func Read() (*Policy, error) {
	path, err := Path()
	if err != nil {
		return nil, err
	}
	return read(path, system)
}

// read reads a policy that belongs to the given owners.
func read(path string, o owners) (*Policy, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil //nolint:nilnil // no file is no policy
	} else if err != nil {
		return nil, pathless(err)
	}
	file, err := openTrusted(path, o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // was only read
	text, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err != nil {
		return nil, pathless(err)
	}
	return Parse(text)
}

// pathless returns an error without the path, which the caller names.
func pathless(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// untrusted is the error of what others than administrators can change.
func untrusted(path, why string) error { return fmt.Errorf("%s %s", path, why) }
