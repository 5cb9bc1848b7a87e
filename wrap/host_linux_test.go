package wrap_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func hostRows() []row {
	return []row{
		{"a host that dies while its server ignores the end of input", "ends the session as TERM does", testHostDies("pipes")},
		{"a host that dies while another process holds the writing end", "ends the session as TERM does", testHostDies("held")},
		{"a host that dies while another process holds all its ends", "ends the session as TERM does", testHostDies("all held")},
		{"a host with sockets, as Node's have, that dies", "ends the session as TERM does", testHostDies("sockets")},
		{"a host with a session of its own for each server, that dies", "ends the session as TERM does", testHostDies("setsid")},
		{"a background job whose shell ends", "lives on", alike(testLivesOn(inBackground("")))},
		{"nohup in the background of a shell that ends", "lives on", alike(testLivesOn(inBackground("nohup")))},
		{"setsid in the background of a shell that ends", "lives on", alike(testLivesOn(inBackground("setsid")))},
		{"a double fork whose first half ends late", "lives on", alike(testLivesOn(as("fork")))},
		{"a shell that ends before it has let go of a pipe to the next command", "lives on",
			alike(testLivesOn(append(sh(`exec 3>&- 4<&-; "$@"; :`), append([]string{"sh"}, as("pipeline")...)...)))},
		{"a background job that reads a named pipe which its shell holds open", "lives on", alike(testNamedPipe)},
	}
}

// playHost starts a command with streams as hosts make them, reads a line from it, says so, and waits to be killed.
func playHost(args []string) int {
	cmd := exec.Command(args[1], args[2:]...)
	var out io.Reader
	var held []*os.File
	if args[0] == "sockets" {
		for _, end := range []func(f *os.File){
			func(f *os.File) { cmd.Stdin = f }, func(f *os.File) { cmd.Stdout = f },
		} {
			pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return 97
			}
			end(os.NewFile(uintptr(pair[0]), "theirs"))
			out = os.NewFile(uintptr(pair[1]), "ours")
			held = append(held, out.(*os.File)) // else the garbage collector closes it
		}
	} else {
		in, _ := cmd.StdinPipe()
		out, _ = cmd.StdoutPipe()
		held = []*os.File{in.(*os.File)}
		if args[0] == "all held" {
			held = append(held, out.(*os.File))
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: args[0] == "setsid"}
	if err := cmd.Start(); err != nil {
		return 98
	}
	if strings.HasSuffix(args[0], "held") {
		other := exec.Command("sleep", "1000")
		other.ExtraFiles, other.Env = held, []string{}
		if err := other.Start(); err != nil {
			return 99
		}
		defer func() { _ = other.Process.Kill() }()
		fmt.Println("holder", other.Process.Pid)
	}
	if _, err := out.Read(make([]byte, 10)); err == nil {
		fmt.Println("up")
	}
	time.Sleep(time.Minute)
	fmt.Fprintln(os.Stderr, len(held))
	return 1
}

func testHostDies(how string) func(*testing.T) {
	return func(t *testing.T) {
		entry, change := mark(t)
		server := sh(`echo up; while :; do sleep 0.05; done`)
		s := open(t, as("host", append([]string{how}, wrapped(server)...)...), change)
		line := s.line()
		if pid, ok := strings.CutPrefix(line, "holder "); ok {
			var holder int
			_, _ = fmt.Sscan(pid, &holder)
			t.Cleanup(func() { _ = unix.Kill(holder, unix.SIGKILL) })
			line = s.line()
		}
		if line != "up" {
			t.Fatalf("the host says %q", line)
		}
		_ = s.cmd.Process.Kill()
		eventually(t, "nothing is left", func() bool { return len(withEnvironment(entry)) == 0 })
	}
}

// playFork starts a command as the first half of a double fork does, and ends when the file GO exists.
func playFork(args []string) int {
	unix.CloseOnExec(3) // the host's ends
	unix.CloseOnExec(4)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	if err := cmd.Start(); err != nil {
		return 98
	}
	return awaitGo()
}

// awaitGo waits until the file GO exists.
func awaitGo() int {
	for {
		if _, err := os.Stat(os.Getenv("GO")); err == nil {
			return 0
		}
		time.Sleep(time.Millisecond)
	}
}

// playPipeline starts a command and one that reads from it, as a shell does, and holds what the second reads until the
// file GO exists.
func playPipeline(args []string) int {
	r, w, err := os.Pipe()
	if err != nil {
		return 97
	}
	defer r.Close()
	first, second := exec.Command(args[0], args[1:]...), exec.Command("cat")
	first.Stdin, first.Stdout, second.Stdin, second.Stdout = os.Stdin, w, r, os.Stdout
	if first.Start() != nil || w.Close() != nil || second.Start() != nil {
		return 98
	}
	return awaitGo()
}

// inBackground is a launcher: a shell that starts a command in the background, and ends when the file GO exists.
func inBackground(with string) []string {
	return append(sh(`exec 5<&0; `+with+` "$@" <&5 5<&- 3>&- 4<&- & while [ ! -e "$GO" ]; do sleep 0.01; done`), "sh")
}

// testLivesOn has a launcher that ends while the session goes on. It has inherited the host's ends of the pipes, as a
// fork of the host has.
func testLivesOn(launcher []string) func(*testing.T, prefix) {
	return func(t *testing.T, with prefix) {
		in, out, ended := rawPipe(t), rawPipe(t), t.TempDir()+"/go"
		s := open(t, slices.Concat(launcher, with(as("cat"))), func(c *exec.Cmd) {
			c.Stdin, c.Stdout, c.Stderr, c.ExtraFiles = in[0], out[1], nil, []*os.File{in[1], out[0]}
			c.Env = append(os.Environ(), "GO="+ended)
		})
		in[0].Close()
		out[1].Close()
		s.in, s.out = in[1], out[0]
		s.send("one\n")
		s.expect("one")
		if err := os.WriteFile(ended, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		s.expectEnd("exit status 0")
		for range 20 { // what is to end ends within this time, as a rule; the test cannot fail by being slow
			time.Sleep(10 * time.Millisecond)
			s.send("two\n")
			s.expect("two")
		}
		s.in.Close()
		if rest, err := io.ReadAll(s.out); len(rest) > 0 || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	}
}

func testNamedPipe(t *testing.T, with prefix) {
	ended := t.TempDir() + "/go"
	s := open(t, slices.Concat(
		sh(`mkfifo "$GO.in"; exec 5<>"$GO.in"; "$@" <"$GO.in" >"$GO.out" 5>&- & while [ ! -e "$GO" ]; do sleep 0.01; done`),
		[]string{"sh"}, with(sh("echo up; exec cat"))),
		func(c *exec.Cmd) { c.Stderr, c.Env = nil, append(os.Environ(), "GO="+ended) })
	arrives := func(line string, times int) {
		eventually(t, line+" arrives", func() bool {
			b, _ := os.ReadFile(ended + ".out")
			return strings.Count(string(b), line) == times
		})
	}
	arrives("up", 1)
	in, err := os.OpenFile(ended+".in", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := os.WriteFile(ended, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.expectEnd("exit status 0")
	for i := range 20 {
		time.Sleep(10 * time.Millisecond)
		_, _ = in.WriteString("two\n")
		arrives("two", i+1)
	}
}
