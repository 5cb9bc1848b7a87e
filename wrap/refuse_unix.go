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

// refuse explains why a command did not start. at is the file that was tried, or empty if none was there.
func refuse(command []string, at string, err error) *StartError {
	var number syscall.Errno
	if !errors.As(err, &number) {
		number = 0
	}
	var cause error = number
	if number == 0 {
		cause = err
	}
	name := command[0]
	if at == "" || (number == syscall.ENOENT || number == syscall.ENOTDIR) && !found(at) {
		return &StartError{Code: 127, Hint: hintMissing(name), Err: fmt.Errorf("starting %q: %w", name, cause)}
	}
	return &StartError{Code: 126, Hint: hintUnfit(at, number), Err: fmt.Errorf("starting %q: %w", at, cause)}
}

func hintMissing(name string) string {
	switch {
	case strings.HasPrefix(name, "~"):
		return "no shell expands ~ here; write the whole path"
	case strings.ContainsAny(name, " \t"):
		return "the command is one word; give its arguments separately"
	case strings.Contains(name, "/"):
		return "there is no such file; a relative path starts at the client's working directory"
	default:
		return "it is not in PATH; clients often pass a shorter PATH than your shell's, so try its whole path"
	}
}

func hintUnfit(path string, err syscall.Errno) string {
	info, statErr := os.Stat(path)
	switch {
	case statErr == nil && info.IsDir():
		return "it is a directory"
	case err == syscall.EACCES && statErr == nil && info.Mode()&0o111 == 0:
		return fmt.Sprintf("make it executable with: chmod +x %s", path)
	case err == syscall.ENOENT:
		return "it is there, but the interpreter in its first line, or its loader, is not"
	case err == syscall.ENOEXEC:
		return "it is no program for this machine"
	}
	return ""
}

// isText says whether a file could be a script without a first line that names its interpreter.
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
