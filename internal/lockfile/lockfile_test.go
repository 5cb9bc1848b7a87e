package lockfile_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/spanpipe/spanpipe/internal/lockfile"
)

// TestMain makes the test binary a process that holds a lock, if a test wants one.
func TestMain(m *testing.M) {
	switch path := os.Getenv("LOCKFILE_TEST_HOLD"); {
	case path != "":
		hold(path)
	default:
		os.Exit(m.Run())
	}
}

// hold locks a file, starts a child that outlives it, and waits to be killed.
func hold(path string) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = lockfile.Try(f)
	}
	if err != nil {
		panic(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "LOCKFILE_TEST_HOLD=", "LOCKFILE_TEST_WAIT=1")
	child.Args = append(child.Args, "-test.run=TestWait")
	child.Stdin = os.Stdin // the test keeps it open
	if err := child.Start(); err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString("locked\n")
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
	_ = f.Close()
}

// TestWait is what the child of a process that holds a lock does.
func TestWait(t *testing.T) {
	if os.Getenv("LOCKFILE_TEST_WAIT") == "" {
		t.Skip("only as the child of a process that holds a lock")
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestKilled: a lock is held until its process is killed, and not longer, although a child of it still runs.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if got := lockfile.Look(path); got != lockfile.Free {
		t.Errorf("a file that does not exist is %v", got)
	}
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), "LOCKFILE_TEST_HOLD="+path)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "locked\n" {
		t.Fatal(line, err)
	}
	if got := lockfile.Look(path); got != lockfile.Held {
		t.Errorf("while its process lives it is %v", got)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := lockfile.Take(f); !errors.Is(err, lockfile.ErrLocked) {
		t.Errorf("Take has returned %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	if got := lockfile.Look(path); got != lockfile.Free {
		t.Errorf("after its process was killed it is %v", got)
	}
}

// TestLookers: however many processes look at a lock, the one that takes it gets it.
func TestLookers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	stop := make(chan struct{})
	var lookers sync.WaitGroup
	for range 4 {
		lookers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					lockfile.Look(path)
				}
			}
		})
	}
	for range 200 {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if err := lockfile.Take(f); err != nil {
			t.Fatal(err)
		}
		if got := lockfile.Look(path); got != lockfile.Held {
			t.Fatalf("a locked file is %v", got)
		}
		_ = f.Close()
	}
	close(stop)
	lookers.Wait()
}

// TestRead: what a file holds can be read while it is locked, also on Windows.
func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := lockfile.Try(f); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
}
