package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// This file holds how directories and files of a store are made and opened: for the user alone, whatever the umask is, and
// never by way of a symbolic link below DIR. DIR itself is the user's to choose, links included.

// errLink is the error of a symbolic link, or a file of another kind, where the store has a directory or a file.
var errLink = errors.New("is a symbolic link or something else that does not belong there")

// makeRoot opens DIR. It makes it if it does not exist, with the directories above it.
func makeRoot(dir string) (*os.Root, error) {
	if err := makePath(filepath.Clean(dir)); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

func makePath(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR} // os.OpenRoot has an error of its own for it
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if above := filepath.Dir(path); above != path {
		if err := makePath(above); err != nil {
			return err
		}
	}
	err = os.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return nil
	} else if err != nil {
		return err
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() == 0o700 {
		return err
	}
	return os.Chmod(path, 0o700) //nolint:gosec // a directory; the umask has taken permissions of the user's own
}

// makeDir makes a directory, which must not exist, and opens it.
func makeDir(root *os.Root, name string) (*os.Root, error) {
	if err := root.Mkdir(name, 0o700); err != nil {
		return nil, within(root, err)
	}
	if info, err := root.Lstat(name); err == nil && info.IsDir() && info.Mode().Perm() != 0o700 {
		if err := root.Chmod(name, 0o700); err != nil {
			return nil, within(root, err)
		}
	}
	return openDir(root, name)
}

// openDir opens a directory that is no symbolic link. A link is refused even if it leads to a directory of the store.
func openDir(root *os.Root, name string) (*os.Root, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, within(root, err)
	}
	misplaced := &fs.PathError{Op: "open", Path: filepath.Join(root.Name(), name), Err: errLink}
	if !info.IsDir() {
		return nil, misplaced
	}
	dir, err := root.OpenRoot(name)
	if err != nil {
		return nil, within(root, err)
	}
	if opened, err := dir.Stat("."); err != nil || !os.SameFile(info, opened) { // replaced in between
		_ = dir.Close()
		return nil, misplaced
	}
	return dir, nil
}

// openOrMakeDir opens a directory, which it makes if it does not exist.
func openOrMakeDir(root *os.Root, name string) (*os.Root, error) {
	dir, err := openDir(root, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	if dir, err = makeDir(root, name); errors.Is(err, fs.ErrExist) { // another process was faster
		return openDir(root, name)
	}
	return dir, err
}

// makeFile makes a file, which must not exist. So it follows no link, symbolic or hard.
func makeFile(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, within(root, err)
	}
	if info, err := f.Stat(); err == nil && info.Mode().Perm() != 0o600 {
		_ = f.Chmod(0o600) // the umask has taken permissions of the user's own; Windows has others
	}
	return f, nil
}

// openFile opens a regular file that is no symbolic link.
func openFile(root *os.Root, name string, flag int) (*os.File, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, within(root, err)
	}
	misplaced := &fs.PathError{Op: "open", Path: filepath.Join(root.Name(), name), Err: errLink}
	if !info.Mode().IsRegular() {
		return nil, misplaced
	}
	f, err := root.OpenFile(name, flag, 0)
	if err != nil {
		return nil, within(root, err)
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		_ = f.Close()
		return nil, misplaced
	}
	return f, nil
}

// readFile reads a small file. What it has beyond a number of bytes is damage, and left out.
func readFile(root *os.Root, name string, most int64) ([]byte, error) {
	f, err := openFile(root, name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, most))
}

// openOrMakeFile opens a file for reading and writing, which it makes if it does not exist.
func openOrMakeFile(root *os.Root, name string) (*os.File, error) {
	f, err := openFile(root, name, os.O_RDWR)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if f, err = makeFile(root, name); errors.Is(err, fs.ErrExist) {
		return openFile(root, name, os.O_RDWR)
	}
	return f, err
}

// replace writes a file that never exists in part; synced, not even after a crash of the machine. A symbolic link in its
// place is replaced, not followed. Of processes that do so at once the last one wins.
func replace(root *os.Root, name string, text []byte, synced bool) error {
	var suffix [6]byte
	_, _ = rand.Read(suffix[:])
	temporary := fmt.Sprintf("%s.%x.tmp", name, suffix)
	f, err := makeFile(root, temporary)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil && synced {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = rename(root, temporary, name)
	}
	if err != nil {
		_ = root.Remove(temporary)
		return within(root, err)
	}
	return nil
}

// within returns an error of a root with the whole path.
func within(root *os.Root, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok && !filepath.IsAbs(e.Path) {
		return &fs.PathError{Op: e.Op, Path: filepath.Join(root.Name(), e.Path), Err: e.Err}
	}
	return err
}
