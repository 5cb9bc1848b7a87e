//go:build unix

package wrap

import (
	"bytes"
	"errors"
	"fmt"
	"os"
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
	if len(command) == 0 || command[0] == "" {
		return notFound("", syscall.ENOENT)
	}
	name := command[0]
	paths := []string{name}
	if !strings.Contains(name, "/") {
		paths = pathsFor(name, env)
	}
	failed := notFound(name, syscall.ENOENT)
	for _, path := range paths {
		_, err := os.Stat(path) // saves a fork for each directory of PATH
		if err != nil {
			if strings.Contains(name, "/") {
				failed = notFound(name, err)
			}
			continue
		}
		err = start(path, command)
		if errors.Is(err, syscall.ENOEXEC) && isText(path) {
			err = start("/bin/sh", append([]string{"/bin/sh", path}, command[1:]...))
		}
		if err == nil {
			return nil
		}
		if failed.Code == codeNotFound { // the first file that cannot run explains more than those after it
			failed = cannotRun(path, err)
		}
		if !errors.Is(err, syscall.EACCES) && !errors.Is(err, syscall.ENOENT) {
			break // too many arguments, no memory: another directory would not help
		}
	}
	return failed
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

// isText reports whether a file could be a script without a first line that names its interpreter. Like a shell it
// looks for a NUL near the start: a program for another machine has one, and must not be run as a script.
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

// notFound explains that there is no such program.
func notFound(name string, err error) *StartError {
	hint := "it is not in PATH; clients often pass a shorter PATH than your shell's, so try its full path"
	switch {
	case errors.Is(err, syscall.EACCES): // a shell's code for it is that of a program that cannot run
		return startError(codeCannotRun, name, err, "this user may not enter a directory on its path")
	case strings.ContainsAny(name, " \t"):
		hint = "the command is one word; pass its arguments separately"
	case strings.Contains(name, "/"):
		hint = "no such file; no shell expands ~, and a relative path starts at the client's working directory"
	}
	return startError(codeNotFound, name, err, hint)
}

// cannotRun explains that a file exists but is not a program.
func cannotRun(path string, err error) *StartError {
	hint := ""
	switch {
	case errors.Is(err, syscall.EACCES) && isDirectory(path):
		hint = "it is a directory"
	case errors.Is(err, syscall.EACCES):
		hint = "it is not executable: chmod +x " + path
	case errors.Is(err, syscall.ENOENT):
		hint = "the file exists, but the interpreter in its first line, or its loader, does not"
	case errors.Is(err, syscall.ENOEXEC):
		hint = "it is not a program for this machine"
	}
	return startError(codeCannotRun, path, err, hint)
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// startError puts an error into the words that the user reads.
func startError(code int, path string, err error, hint string) *StartError {
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		err = number // without the words of os.PathError
	}
	return &StartError{Code: code, Hint: hint, Err: fmt.Errorf("starting %q: %w", path, err)}
}
