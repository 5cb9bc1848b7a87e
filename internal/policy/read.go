package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spanpipe/spanpipe/internal/namedfile"
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
	_, err := os.Lstat(path)
	switch isAbsent := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR); {
	case isAbsent && !leadsNowhere(filepath.Dir(path)):
		return nil, nil //nolint:nilnil // no file is no policy
	case err != nil && !isAbsent:
		return nil, namedfile.Reason(err)
	}
	file, err := openTrusted(path, o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // was only read
	text, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err != nil {
		return nil, namedfile.Reason(err)
	}
	return Parse(text)
}

// leadsNowhere reports whether a directory is a link to nothing, such as what is not mounted: there may be a policy.
func leadsNowhere(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return false
	}
	_, err = os.Stat(dir)
	return err != nil
}

// untrusted is the error of what others than administrators can change.
func untrusted(path, why string) error { return fmt.Errorf("%s %s", path, why) }
