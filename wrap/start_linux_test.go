package wrap_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func startRows() []row {
	same := func(script string, change ...func(*exec.Cmd)) func(*testing.T) {
		return func(t *testing.T) { compare(t, sh(script), change...) }
	}
	return []row{
		{"argv[0]", "is the name that was given, not the path that was found", testArgv0},
		{"the arguments and the environment", "arrive as they are", same(`tr '\0' '\n' </proc/$$/cmdline; env | sort`)},
		{"the working directory and the umask", "are the host's", same("pwd; umask; cat /proc/self/mountinfo | wc -l",
			func(c *exec.Cmd) { c.Dir = "/" })},
		{"open descriptors from 3 on", "are inherited as exec would leave them, and none of ours is", testDescriptors},
		{"descriptor numbers with gaps", "none is overwritten while the server starts", testGaps},
		{"stderr", "is the host's own descriptor, not a copy", testStderr},
		{"the limits, of open files among them", "are the host's", same("cat /proc/self/limits",
			func(c *exec.Cmd) {
				c.Args = append(sh("ulimit -Sn 300; exec \"$@\""), append([]string{"sh"}, c.Args...)...)
				c.Path = "/bin/sh"
			})},
		{"the blocked and ignored signals", "are the host's", func(t *testing.T) {
			compare(t, []string{"grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"})
		}},
		{"SIGHUP and SIGINT ignored, as by nohup", "stay ignored",
			same("grep SigIgn /proc/self/status", func(c *exec.Cmd) {
				c.Args = append(sh(`trap '' HUP INT; exec "$@"`), append([]string{"sh"}, c.Args...)...)
				c.Path = "/bin/sh"
			})},
		{"blocked signals", "stay blocked, but for those that end a program (see the limits)", testBlocked},
		{"process group and session", "are those that the host gave us", same("cut -d' ' -f5,6 /proc/$$/stat",
			func(c *exec.Cmd) { c.SysProcAttr = nil })},
		{"stdin closed at the start", "the server runs; its stdin is the null device (see the limits)", testClosed("0<&-")},
		{"stdout closed at the start", "the server runs; its output is discarded", testClosed("1>&-")},
		{"stderr closed at the start", "the server runs; what it writes there is discarded", testClosed("2>&-")},
		{"200 wrappers started and ended at once", "no process, descriptor or temporary file is left", testCrowd},
	}
}

// compare runs a command bare and wrapped and wants the same from it on stdout.
func compare(t *testing.T, line []string, change ...func(*exec.Cmd)) {
	t.Helper()
	compareWith(t, wrapped, line, change...)
}

func compareWith(t *testing.T, with prefix, line []string, change ...func(*exec.Cmd)) {
	t.Helper()
	run := func(line []string) string {
		cmd := command(line)
		cmd.Stdin = strings.NewReader("")
		for _, f := range change {
			f(cmd)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", line, err)
		}
		return string(out)
	}
	want := run(line)
	if want == "" {
		t.Fatal("the bare command prints nothing")
	}
	if got := run(with(line)); got != want {
		t.Errorf("wrapped:\n%s\nbare:\n%s", got, want)
	}
}

func testArgv0(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/bin/sleep", dir+"/my-server"); err != nil {
		t.Fatal(err)
	}
	s := open(t, wrapped([]string{"my-server", "1000"}), func(c *exec.Cmd) {
		c.Env = append(os.Environ(), "PATH="+dir)
	})
	pid := server(t, s)
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || string(b) != "my-server\x001000\x00" {
		t.Errorf("the server's command line is %q, %v", b, err)
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	s.expectEnd("signal: terminated")
}

// list prints the descriptors from 3 on and their targets, without opening one in the shell.
const list = `n=3; while [ $n -lt 300 ]; do [ -e /proc/$$/fd/$n ] && printf '%s ' $n && readlink /proc/$$/fd/$n; n=$((n+1)); done; echo end`

func testDescriptors(t *testing.T) {
	extra := rawPipe(t)
	compare(t, sh(list), func(c *exec.Cmd) { c.ExtraFiles = []*os.File{extra[0], extra[1]} })
}

func testGaps(t *testing.T) {
	// A host's descriptor on every place where ours could come to lie, one after the other.
	for n := 3; n < 24; n++ {
		compare(t, sh(list), func(c *exec.Cmd) {
			c.Args = append([]string{"/bin/bash", "-c", fmt.Sprintf(`exec %d</etc/passwd "$@"`, n), "bash"}, c.Args...)
			c.Path = "/bin/bash"
		})
	}
}

func testStderr(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	compare(t, sh("readlink /proc/$$/fd/2; grep flags /proc/$$/fdinfo/2"), func(c *exec.Cmd) { c.Stderr = file })
}

// playBlocking runs a command with some signals blocked.
func playBlocking(args []string) int {
	runtime.LockOSThread() // the mask is this thread's
	var set unix.Sigset_t
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGUSR1, 40} {
		set.Val[0] |= 1 << (sig - 1)
	}
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &set, nil); err != nil {
		return 99
	}
	fmt.Fprintln(os.Stderr, unix.Exec(args[0], args, os.Environ()))
	return 98
}

func testBlocked(t *testing.T) {
	grep := []string{"/bin/grep", "SigBlk", "/proc/self/status"} // a shell would unblock them all
	for want, line := range map[string][]string{
		"SigBlk:\t0000008000004200\n": grep,
		"SigBlk:\t0000008000000200\n": wrapped(grep), // without TERM
	} {
		if out, err := command(as("blocking", line...)).CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("%q, want %q; %v", out, want, err)
		}
	}
}

func testClosed(redirection string) func(t *testing.T) {
	return func(t *testing.T) {
		mark := t.TempDir() + "/ran"
		server := sh(`cat; echo out; echo err >&2; echo ran >"$MARK"; exit 5`)
		line := append(sh(`exec "$@" `+redirection), append([]string{"sh"}, wrapped(server)...)...)
		cmd := command(line)
		cmd.Env = append(os.Environ(), "MARK="+mark)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 5 {
			t.Errorf("ended with %d: %s", code, out)
		}
		if _, err := os.Stat(mark); err != nil {
			t.Error("the server has not run to its end")
		}
	}
}

func testCrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("starts 200 wrappers")
	}
	temp := t.TempDir()
	mark := "crowd-" + fmt.Sprint(os.Getpid())
	sessions := make([]*session, 200)
	for i := range sessions {
		// A grandchild that would stay, to be swept as well.
		sessions[i] = open(t, wrapped(append(sh("sleep 1000 </dev/null >/dev/null 2>&1 & cat"), mark)), func(c *exec.Cmd) {
			c.Env = append(os.Environ(), "TMPDIR="+temp, "CROWD="+mark)
		})
		sessions[i].patience = 2 * time.Minute
	}
	for _, s := range sessions {
		s.in.Close()
	}
	for _, s := range sessions {
		s.expectEnd("exit status 0")
	}
	expectLeft(t, "CROWD="+mark, 0)
	if files, err := os.ReadDir(temp); err != nil || len(files) > 0 {
		t.Errorf("files are left: %v, %v", files, err)
	}
}
