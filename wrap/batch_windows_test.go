package wrap_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/windows"
)

var _ = addRoles(map[string]role{"args": playArgs})

// playArgs prints its arguments as they were written, because C runtimes and Go read a doubled quote differently.
func playArgs([]string) int {
	_, args, _ := strings.Cut(windows.UTF16PtrToString(syscall.GetCommandLine()), "@args ")
	fmt.Println(args)
	return 6
}

// TestBatchFile starts a server through a shim as npm makes them, found through PATH and PATHEXT. It has no percent
// signs, because wine's cmd.exe does not expand them as Windows' does.
func TestBatchFile(t *testing.T) {
	dir, err := os.MkdirTemp("", "shim") // not TempDir: wine refuses to delete what a cmd.exe has read
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	shim := fmt.Sprintf("@ECHO off\r\n\"%s\" @args %%*\r\n", self())
	if err := os.WriteFile(filepath.Join(dir, "my-npx.cmd"), []byte(shim), 0o600); err != nil {
		t.Fatal(err)
	}
	as("args")
	for name, prefix := range map[string]prefix{"wrapped": wrapped, "exec": asExec} {
		for _, test := range []struct{ arg, want string }{
			{`a b`, `"a b"`},
			{`x & echo broken`, `"x & echo broken"`},
			{`C:\dir\`, `"C:\dir\\"`},
			{`{"a":1}`, `"{""a"":1}"`},
			{`"&echo broken&"`, `"""&echo broken&"""`},
		} {
			cmd := command(prefix([]string{"my-npx", test.arg}))
			cmd.Env = append(os.Environ(), "PATH="+dir+";"+os.Getenv("PATH"))
			out, _ := cmd.CombinedOutput()
			if strings.TrimSpace(string(out)) != test.want || cmd.ProcessState.ExitCode() != 6 {
				t.Errorf("%s: %s: got %s, want %s; %v", name, test.arg, out, test.want, cmd.ProcessState)
			}
		}
		cmd := command(prefix([]string{"my-npx", "a\nb"}))
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 126 && cmd.ProcessState.ExitCode() != 127 {
			t.Errorf("%s: a line break was taken: %s", name, out)
		}
	}
}
