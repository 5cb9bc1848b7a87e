//go:build unix

package wrap

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
)

// lookup tries what execvp(3) would try for the command, in its order, until start succeeds: a name with a slash as it
// is, any other in each directory of PATH, where an empty element means the working directory. Go's own lookup refuses
// programs found through a relative PATH, which would be a difference.
//
// A file that the kernel does not take for a program is run by /bin/sh if it is text, as execvp, and so Node's and C's
// hosts do. No shell ever sees the command's words other than as arguments.
func lookup(command, env []string, start func(path string, argv []string) error) error {
	if len(command) == 0 {
		return errNoCommand
	}
	name := command[0]
	if name == "" {
		return startError(command, "", syscall.ENOENT)
	}
	paths := []string{name}
	if !strings.Contains(name, "/") {
		paths = pathsFor(name, env)
	}
	err, at := error(syscall.ENOENT), ""
	for _, path := range paths {
		e := start(path, command)
		if errors.Is(e, syscall.ENOEXEC) && isText(path) {
			e = start("/bin/sh", append([]string{"/bin/sh", path}, command[1:]...))
		}
		if e == nil {
			return nil
		}
		if !continuesSearch(e) {
			return startError(command, path, e)
		}
		if len(paths) == 1 {
			err = e
		}
		if exists(path) && (at == "" || errors.Is(e, syscall.EACCES)) {
			err, at = e, path // a file that cannot run explains more than one that is not there
		}
	}
	return startError(command, at, err)
}

// pathsFor lists where a name may be, by the PATH of an environment, or the C library's default if it has none.
func pathsFor(name string, env []string) []string {
	list := "/bin:/usr/bin"
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			list = v
			break // the first one counts, as for getenv
		}
	}
	var paths []string
	for _, dir := range strings.Split(list, ":") {
		if dir != "" {
			dir += "/"
		}
		paths = append(paths, dir+name)
	}
	return paths
}

// continuesSearch reports whether execvp tries the next directory after this error.
func continuesSearch(err error) bool {
	return slices.ContainsFunc([]syscall.Errno{
		syscall.EACCES, syscall.ENOENT, syscall.ENOTDIR, syscall.ESTALE, syscall.ENODEV, syscall.ETIMEDOUT,
	}, func(e syscall.Errno) bool { return errors.Is(err, e) })
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil || errors.Is(err, syscall.EACCES)
}

// isText reports whether a file could be a script without a first line that names its interpreter.
func isText(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 512)
	n, _ := f.Read(head)
	return bytes.IndexByte(head[:n], 0) < 0
}

// startError explains why a command did not start. Path is the file that was tried, or empty if there was none.
func startError(command []string, path string, err error) *StartError {
	var number syscall.Errno
	if errors.As(err, &number) {
		err = number // without the words of os.PathError
	}
	name := command[0]
	if path == "" || (number == syscall.ENOENT || number == syscall.ENOTDIR) && !exists(path) {
		return &StartError{Code: 127, Hint: hintNotFound(name), Err: fmt.Errorf("starting %q: %w", name, err)}
	}
	return &StartError{Code: 126, Hint: hintCannotRun(path, number), Err: fmt.Errorf("starting %q: %w", path, err)}
}

func hintNotFound(name string) string {
	switch {
	case strings.HasPrefix(name, "~"):
		return "no shell expands ~ here; write the full path"
	case strings.ContainsAny(name, " \t"):
		return "the command is one word; pass its arguments separately"
	case strings.Contains(name, "/"):
		return "there is no such file; a relative path starts at the client's working directory"
	default:
		return "it is not in PATH; clients often pass a shorter PATH than your shell's, so try its full path"
	}
}

func hintCannotRun(path string, err syscall.Errno) string {
	info, statErr := os.Stat(path)
	switch {
	case statErr == nil && info.IsDir():
		return "it is a directory"
	case err == syscall.EACCES && statErr == nil && info.Mode()&0o111 == 0:
		return fmt.Sprintf("make it executable with: chmod +x %s", path)
	case err == syscall.ENOENT:
		return "the file exists, but the interpreter in its first line, or its loader, does not"
	case err == syscall.ENOEXEC:
		return "it is not a program for this machine"
	}
	return ""
}
