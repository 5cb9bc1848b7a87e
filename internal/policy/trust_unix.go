//go:build !windows

package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/namedfile"
)

// owners are the users whose files are trusted: root, and in tests another one, below a directory.
type owners struct {
	uid   uint32
	below string // what is above it is not checked; empty in the product
}

var system = owners{}

// Path returns where the policy is.
func Path() (string, error) {
	if runtime.GOOS == "darwin" {
		return "/Library/Application Support/spanpipe/policy.yaml", nil
	}
	return "/etc/spanpipe/policy.yaml", nil
}

// openTrusted opens a regular file that only its owners can change or replace: the file, every directory on the way and every link
// belong to them, and neither file nor directories can be written by a group or by others. It follows links itself, because what a
// link leads to must be checked before it is passed.
func openTrusted(path string, o owners) (*os.File, error) {
	resolved, err := o.resolve(path)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(resolved, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0) // a pipe would block
	if err != nil {
		return nil, namedfile.Reason(err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = untrusted(resolved, "is not a regular file")
	}
	if err == nil {
		err = o.check(resolved, info)
	}
	if err != nil {
		_ = file.Close() // was not read
		return nil, err
	}
	return file, nil
}

// resolve returns a path without links, of which everything but the last element was checked.
func (o owners) resolve(path string) (string, error) {
	const mostLinks = 20
	links := 0
	at, rest := "/", strings.Split(strings.TrimPrefix(filepath.Clean(path), "/"), "/")
	if err := o.checkAt(at); err != nil {
		return "", err
	}
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		if err != nil {
			return "", fmt.Errorf("%s: %w", next, namedfile.Reason(err))
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			if links++; links > mostLinks {
				return "", errors.New("too many symbolic links")
			}
			if err := o.check(next, info); err != nil {
				return "", err
			}
			target, err := os.Readlink(next)
			if err != nil {
				return "", namedfile.Reason(err)
			}
			if filepath.IsAbs(target) {
				at = "/"
			}
			rest = append(strings.Split(target, "/"), rest...)
		case len(rest) > 0:
			if err := o.check(next, info); err != nil {
				return "", err
			}
			at = next
		default:
			at = next // is checked when it is open
		}
	}
	return at, nil
}

func (o owners) checkAt(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return namedfile.Reason(err)
	}
	return o.check(path, info)
}

// check reports why something can be changed by others. The mode of a link does not count.
func (o owners) check(path string, info fs.FileInfo) error {
	if o.below != "" && !strings.HasPrefix(path, o.below) {
		return nil
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch isLink := info.Mode()&fs.ModeSymlink != 0; {
	case !ok:
		return untrusted(path, "has no owner")
	case stat.Uid != o.uid:
		return untrusted(path, fmt.Sprintf("belongs to user %d and not to root", stat.Uid))
	case !isLink && info.Mode().Perm()&0o022 != 0:
		return untrusted(path, fmt.Sprintf("can be written by others than its owner (mode %04o): chmod go-w", info.Mode().Perm()))
	}
	return nil
}
