package proctree_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/proctree"
)

// TestChildren starts a shell with two children of its own, one of which has ended. The shell must not have noticed: it
// is one that waits for no child once it has become sleep, and the child ends only then.
func TestChildren(t *testing.T) {
	end, endWriter, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sh", "-c", "cat <&3 & sleep 60 & echo $!; exec sleep 60 3<&-")
	shell.ExtraFiles = []*os.File{end}
	stdout, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	_ = end.Close()
	line, _, _ := bufio.NewReader(stdout).ReadLine()
	mcptest.Eventually(t, "the shell has become sleep", func() bool {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", shell.Process.Pid))
		return string(name) == "sleep\n"
	})
	_ = endWriter.Close()
	grandchild, _ := strconv.Atoi(string(line))
	t.Cleanup(func() {
		_ = unix.Kill(grandchild, unix.SIGKILL)
		_ = shell.Process.Kill()
		_ = shell.Wait()
	})
	session, _ := unix.Getsid(0)
	for name, children := range map[string]func(int) []proctree.Process{
		"kernel's list": proctree.Children, "scan": proctree.ScanForChildren,
	} {
		if got := children(os.Getpid()); len(got) != 1 || got[0].PID != shell.Process.Pid || got[0].Zombie || got[0].Session != session {
			t.Errorf("%s: our children are %+v, want %d in session %d", name, got, shell.Process.Pid, session)
		}
		var got []proctree.Process
		mcptest.Eventually(t, "a child has ended", func() bool {
			got = children(shell.Process.Pid)
			return slices.ContainsFunc(got, func(p proctree.Process) bool { return p.Zombie })
		})
		if len(got) != 2 || !slices.ContainsFunc(got, func(p proctree.Process) bool { return p.PID == grandchild && !p.Zombie }) {
			t.Errorf("%s: its children are %+v, want %d and one that has ended", name, got, grandchild)
		}
	}
	if got := proctree.Parent(grandchild); got != shell.Process.Pid {
		t.Errorf("the grandchild's parent is %d, want %d", got, shell.Process.Pid)
	}
	if ours, later := proctree.StartTime(os.Getpid()), proctree.StartTime(grandchild); ours <= 0 || later < ours {
		t.Errorf("we started at %d, and the grandchild at %d", ours, later)
	}
	if got := proctree.StartTime(1 << 30); got != 0 {
		t.Errorf("a process that does not exist started at %d", got)
	}
	if got := proctree.Parent(1 << 30); got != 0 {
		t.Errorf("a process that does not exist has the parent %d", got)
	}
	if got := proctree.Children(1 << 30); len(got) > 0 {
		t.Errorf("a process that does not exist has children: %+v", got)
	}
}

func BenchmarkChildren(b *testing.B) {
	for b.Loop() {
		proctree.Children(os.Getpid())
	}
}

func BenchmarkScanForChildren(b *testing.B) {
	for b.Loop() {
		proctree.ScanForChildren(os.Getpid())
	}
}

// TestAll finds a process among all, with its program and the environment with which that was started.
func TestAll(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	cmd.Env = []string{"ONE=1", "TWO=a b"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	all := proctree.All()
	i := slices.IndexFunc(all, func(p proctree.Info) bool { return p.PID == pid })
	if i < 0 || !slices.Equal(all[i].Args, []string{"sleep", "60"}) {
		t.Errorf("the process is not among %d, or not with its arguments", len(all))
	}
	if got := proctree.Environment(pid); !slices.Equal(got, cmd.Env) {
		t.Errorf("environment %q", got)
	}
	if got, want := proctree.Executable(os.Getpid()), os.Args[0]; !os.SameFile(stat(t, got), stat(t, want)) {
		t.Errorf("our program is %s, want %s", got, want)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if proctree.Executable(pid) != "" || len(proctree.Environment(pid)) != 0 {
		t.Error("a process that has ended has a program, or an environment")
	}
}

func stat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestStateOfThread: a process is at work if one of its threads is, also if its first one sleeps.
func TestStateOfThread(t *testing.T) {
	var all sync.WaitGroup
	looked := make(chan struct{})
	states := make(chan proctree.State)
	for range 3 { // on three threads, one of which may be the first; each is at work when it looks
		all.Go(func() {
			runtime.LockOSThread()
			s, _ := proctree.StateOf(os.Getpid())
			states <- s
			<-looked
		})
	}
	for range 3 {
		if s := <-states; s.Letter != 'R' && !s.Threads {
			t.Errorf("a process with a thread at work is %+v", s)
		}
	}
	close(looked)
	all.Wait()
}
