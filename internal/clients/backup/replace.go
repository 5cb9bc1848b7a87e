package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// ErrChanged is the error of a file that is not what it was when the edit was made.
var ErrChanged = errors.New("changed while it was being edited")

// Target returns the file that a path leads to, through symbolic links.
func Target(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(target)
}

// replacement is a new text of a file, beside it, that is not yet in its place.
type replacement struct {
	target    string
	temporary string
	before    []byte
	linked    bool // the file has other names
}

// What the names of files that become a client's file have after that file's name, around a number.
const temporaryMark, temporaryEnd = ".spanpipe-", ".tmp"

// prepare writes the new text of a file beside it, with the mode and the owner of the file. The file must be what it was.
func prepare(target string, before, after []byte) (*replacement, error) {
	info, err := os.Lstat(target)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "write", Path: target, Err: errors.New("not a regular file")}
	}
	if err := writable(target, info); err != nil {
		return nil, err
	}
	removeLeftovers(target)
	r := &replacement{target: target, before: before, linked: names(info) > 1}
	if err := r.unchanged(); err != nil {
		return nil, err
	}
	if r.temporary, err = writeBeside(target, info, after); err != nil {
		return nil, err
	}
	return r, nil
}

// writable returns why a file must not be replaced, although its directory may allow it: a file that is read-only is meant to
// stay as it is.
func writable(target string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o200 == 0 {
		return &fs.PathError{Op: "write", Path: target, Err: errors.New("the file is read-only")}
	}
	return patiently(func() error {
		f, err := os.OpenFile(target, os.O_WRONLY, 0) // changes nothing
		if err != nil {
			return err
		}
		return f.Close()
	})
}

// unchanged returns an error if the file is not what it was.
func (r *replacement) unchanged() error {
	var now []byte
	err := patiently(func() (err error) {
		now, err = os.ReadFile(r.target)
		return err
	})
	if err != nil {
		return err
	}
	if !bytes.Equal(now, r.before) {
		return ErrChanged
	}
	return nil
}

// writeBeside writes a text to a new file in the directory of another one, and to the disk.
func writeBeside(target string, info fs.FileInfo, text []byte) (path string, err error) {
	f, err := os.CreateTemp(filepath.Dir(target), filepath.Base(target)+temporaryMark+"*"+temporaryEnd) // 0600
	if err != nil {
		return "", &fs.PathError{Op: "write", Path: target, Err: fmt.Errorf("a new file beside it: %w", errors.Unwrap(err))}
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err := keepOwner(f, info); err != nil {
		return "", fmt.Errorf("keeping the owner of %s: %w", target, err)
	}
	if _, err := f.Write(text); err != nil {
		return "", err
	}
	if err := f.Chmod(info.Mode().Perm()); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

// commit puts the new text in the place of the file, unless that has changed.
func (r *replacement) commit() error {
	err := r.unchanged()
	if err == nil {
		err = rename(r.temporary, r.target)
	}
	if err != nil {
		r.discard()
		return err
	}
	syncDir(filepath.Dir(r.target))
	return nil
}

// discard removes the new text.
func (r *replacement) discard() { _ = os.Remove(r.temporary) }

// removeLeftovers removes what processes that were killed have left beside a file: the lock is held, so none that lives needs it.
// One with another SPANPIPE_DIR, which has another lock, reports that its file was not written.
func removeLeftovers(target string) {
	ours := regexp.MustCompile("^" + regexp.QuoteMeta(filepath.Base(target)+temporaryMark) + "[0-9]+" + regexp.QuoteMeta(temporaryEnd) + "$")
	entries, err := os.ReadDir(filepath.Dir(target))
	if err != nil {
		return // the next step reports it
	}
	for _, e := range entries {
		if ours.MatchString(e.Name()) && e.Type().IsRegular() { // others may be copies that a person has made
			_ = os.Remove(filepath.Join(filepath.Dir(target), e.Name()))
		}
	}
}
