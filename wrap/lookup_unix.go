//go:build unix

package wrap

import (
	"errors"
	"os"
	"strings"
	"syscall"
)

// launch tries what execvp(3) would try for the command, in its order, until run succeeds: a name with a slash as it
// is, another one in each directory of PATH, an empty element of which is the working directory. Go's own lookup
// refuses programs found through a relative PATH, which would be a difference.
//
// A file that the kernel takes for no program is given to /bin/sh, as execvp and so Node's and C's hosts do, if it is a
// text. No shell ever sees the command's words in any other way than as arguments.
func launch(command, env []string, run func(path string, argv []string) error) error {
	name := command[0]
	paths := []string{name}
	if name == "" {
		return refuse(command, "", syscall.ENOENT)
	}
	if !strings.Contains(name, "/") {
		paths = inPath(name, env)
	}
	err, at := error(syscall.ENOENT), ""
	for _, path := range paths {
		e := run(path, command)
		if errors.Is(e, syscall.ENOEXEC) && isText(path) {
			e = run("/bin/sh", append([]string{"/bin/sh", path}, command[1:]...))
		}
		if e == nil {
			return nil
		}
		if !passesOver(e) {
			return refuse(command, path, e)
		}
		if len(paths) == 1 {
			err = e
		}
		if found(path) && (at == "" || errors.Is(e, syscall.EACCES)) {
			err, at = e, path // what is there but cannot run tells more than what is not there
		}
	}
	return refuse(command, at, err)
}

// passesOver says whether execvp goes on to the next directory after this error.
func passesOver(err error) bool {
	for _, e := range []syscall.Errno{
		syscall.EACCES, syscall.ENOENT, syscall.ENOTDIR, syscall.ESTALE, syscall.ENODEV, syscall.ETIMEDOUT,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func found(path string) bool {
	_, err := os.Lstat(path)
	return err == nil || errors.Is(err, syscall.EACCES)
}

// inPath lists the places of a name in the PATH of an environment, or in the C library's default if that has none.
func inPath(name string, env []string) []string {
	list := "/bin:/usr/bin"
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			list = v
			break // the first one counts, as for getenv
		}
	}
	var paths []string
	for _, dir := range strings.Split(list, ":") {
		if dir == "" {
			paths = append(paths, name)
		} else {
			paths = append(paths, dir+"/"+name)
		}
	}
	return paths
}
