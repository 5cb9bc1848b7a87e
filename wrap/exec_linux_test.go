package wrap_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func execRows() []row {
	same := func(script string, change ...func(*exec.Cmd)) func(*testing.T) {
		return func(t *testing.T) { compareWith(t, asExec, sh(script), change...) }
	}
	return []row{
		{"the process", "is the server's: its pid is ours, and nothing of ours is left", testExecPid},
		{"arguments, environment, working directory", "are the host's", same(`tr '\0' '\n' </proc/$$/cmdline; env | sort; pwd`)},
		{"limits, blocked and ignored signals", "are the host's", func(t *testing.T) {
			compareWith(t, asExec, []string{"grep", "-E", "Sig(Blk|Ign)|Max", "/proc/self/status", "/proc/self/limits"})
		}},
		{"the standard streams", "are the host's own descriptors", same("cd /proc/self/fd; readlink 0 1 2 | cut -d: -f1")},
		{"open descriptors from 3 on", "are inherited", func(t *testing.T) {
			extra := rawPipe(t)
			compareWith(t, asExec, sh(list), func(c *exec.Cmd) { c.ExtraFiles = []*os.File{extra[0]} })
		}},
		{"SIGHUP ignored", "stays ignored", same("grep SigIgn /proc/self/status", func(c *exec.Cmd) {
			c.Args = append(sh(`trap '' HUP; exec "$@"`), append([]string{"sh"}, c.Args...)...)
			c.Path = "/bin/sh"
		})},
	}
}

func testExecPid(t *testing.T) {
	s := open(t, asExec(sh("echo $$; tr '\\0' ' ' </proc/$$/cmdline; echo; cat; exit 9")))
	if pid := s.line(); pid != strconv.Itoa(s.cmd.Process.Pid) {
		t.Errorf("the server is %s, we are %d", pid, s.cmd.Process.Pid)
	} else if kids := childrenOf(s.cmd.Process.Pid); len(kids) > 1 {
		t.Errorf("children: %v", kids)
	}
	if got := s.line(); !strings.HasPrefix(got, "/bin/sh -c ") {
		t.Errorf("the process is %q", got)
	}
	s.in.Close()
	s.expectEnd("exit status 9")
}
