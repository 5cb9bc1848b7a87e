package wrap_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func endRows() []row {
	return []row{
		{"each exit code from 0 to 255", "is ours", testExitCodes},
		{"death by each signal that can kill", "is our death by the same signal; without a core", testDeaths},
		{"death by a signal when we are PID 1", "is exit code 128 + n, because nothing can kill PID 1", testPidOne},
		{"a server killed outright", "is our death by KILL, at once", alike(testServerKilled)},
		{"TERM while a client does not read and the server has written more than fits", "ends us as it would end the server",
			testStuckOutput},
		{"TERM that ends the server while its client does not read", "ends us within a second", testStuckAfterTerm},
		{"two signals after the server has ended", "the second closes Interrupted, so that a flush can stop; the status does not change",
			testLateSignals},
		{"TERM to the group of a server that ends at once", "does not close Interrupted, whether our copy comes before or after the server's end",
			testGroupEnd},
	}
}

// playDie dies of a signal as a C program would, without the runtime.
func playDie(args []string) int {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return 99
	}
	var action [64]byte
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Kill(os.Getpid(), unix.Signal(n))
	time.Sleep(5 * time.Second)
	return 98
}

// concurrently runs many small tests, two at a time.
func concurrently(n int, f func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range 4 {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func testExitCodes(t *testing.T) {
	concurrently(256, func(code int) {
		cmd := command(wrapped(sh("exit " + strconv.Itoa(code))))
		_ = cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Errorf("%d instead of %d", got, code)
		}
	})
}

// harmless are the signals whose default action does not kill, and those that programs cannot use.
var harmless = map[int]bool{17: true, 18: true, 19: true, 20: true, 21: true, 22: true, 23: true, 28: true, 32: true, 33: true}

func testDeaths(t *testing.T) {
	concurrently(65, func(n int) {
		if n == 0 || harmless[n] {
			return
		}
		cmd := command(wrapped(as("die", strconv.Itoa(n))))
		out, _ := cmd.CombinedOutput()
		status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if !status.Signaled() || int(status.Signal()) != n || status.CoreDump() || len(out) > 0 {
			t.Errorf("signal %d: ended with %v: %s", n, cmd.ProcessState, out)
		}
	})
}

// playInit runs a command as PID 1 of a new namespace.
func playInit(args []string) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWPID | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 97
	}
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

func testPidOne(t *testing.T) {
	for _, n := range []int{9, 11, 15} {
		cmd := command(as("init", wrapped(as("die", strconv.Itoa(n)))...))
		out, _ := cmd.CombinedOutput()
		switch got := cmd.ProcessState.ExitCode(); {
		case got == 97 && os.Getenv("CI") == "":
			t.Skipf("no namespaces here: %s", out)
		case got != 128+n:
			t.Errorf("signal %d: exit code %d: %s", n, got, out)
		}
	}
}

func testServerKilled(t *testing.T, with prefix) {
	s := open(t, with(as("cat")))
	s.send("hello\n")
	s.expect("hello")
	_ = unix.Kill(server(t, s), syscall.SIGKILL)
	s.expectEnd("signal: killed")
}

func testStuckOutput(t *testing.T) {
	s := open(t, wrapped(as("pour", "150000"))) // fits into the pipes, not into the client's alone
	// With the first byte it is known that the server has started.
	if _, err := io.CopyN(io.Discard, s.out, 1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server ends", func() bool { return len(childrenOf(s.cmd.Process.Pid)) == 0 })
	time.Sleep(700 * time.Millisecond)
	select {
	case <-s.ended:
		t.Fatal("ended although the client may still read")
	default:
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	s.expectEnd("exit status 0")
}

func testStuckAfterTerm(t *testing.T) {
	s := open(t, wrapped(as("flood")))
	_ = settled(t, s.stderr.String)
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	s.expectEnd("signal: terminated")
}

// playFlush is a wrapper that delays its exit, as for a final flush, until it is interrupted.
func playFlush(args []string) int {
	s, code := start(args)
	if s == nil {
		return code
	}
	status := s.Wait()
	fmt.Fprintln(os.Stderr, "flushing")
	select {
	case <-s.Interrupted():
		fmt.Fprintln(os.Stderr, "interrupted")
	case <-time.After(20 * time.Second):
	}
	return status.Die()
}

func testLateSignals(t *testing.T) {
	for _, signals := range [][2]syscall.Signal{
		{syscall.SIGTERM, syscall.SIGTERM}, {syscall.SIGINT, syscall.SIGTERM}, {syscall.SIGHUP, syscall.SIGINT},
	} {
		s := open(t, as("flush", append([]string{"debug", "--"}, sh("exit 42")...)...))
		said := func(word string) func() bool { return func() bool { return strings.Contains(s.stderr.String(), word) } }
		eventually(t, "the server ends", said("flushing"))
		_ = s.cmd.Process.Signal(signals[0])
		eventually(t, "the first signal is noticed", said("impatient=false"))
		if said("interrupted")() {
			t.Errorf("%v interrupted", signals[0])
		}
		_ = s.cmd.Process.Signal(signals[1])
		s.expectEnd("exit status 42")
		if !said("interrupted")() {
			t.Errorf("%v did not interrupt", signals[1])
		}
	}
}

// testGroupEnd has a host that means the whole tree. The server may be gone before the wrapper handles its own signal.
func testGroupEnd(t *testing.T) {
	concurrently(10, func(i int) {
		s := open(t, as("flush", append([]string{"--"}, sh("echo up; exec sleep 1000")...)...), ownGroup)
		s.expect("up")
		if i%2 == 1 {
			s.in.Close()
		}
		_ = unix.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
		eventually(t, "the server ends", func() bool { return strings.Contains(s.stderr.String(), "flushing") })
		if strings.Contains(s.stderr.String(), "interrupted") { // never, however late
			t.Error("the host's one signal interrupted")
		}
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		s.expectEnd("signal: terminated")
		if !strings.Contains(s.stderr.String(), "interrupted") {
			t.Error("the second one did not")
		}
	})
}
