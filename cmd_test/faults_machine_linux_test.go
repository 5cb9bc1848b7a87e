package cmd_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/internal/reliability"
)

// unreachable returns an address that never responds, not even with a refusal. A listener that accepts nothing and
// whose queue is full drops connection attempts.
func unreachable(t testing.TB, _ otlptest.Protocol) site {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
	for range 16 {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return site{endpoint: "http://" + addr}
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the listener's queue never filled up")
	return site{}
}

// silentNameServer runs the product in new namespaces, where the name server is a socket that no process reads.
func silentNameServer(t testing.TB, _ otlptest.Protocol) site {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	front := namespace(t, "-rmn", fmt.Sprintf("mount --bind '%s' /etc/resolv.conf && ip link set lo up", conf))
	return site{endpoint: "http://collector.example:4318", front: append(front, cast.As(t, "deaf")...)}
}

// playDeaf opens a socket on the DNS port, never reads from it, and executes command.
func playDeaf(command []string) int {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0) // without CLOEXEC, so that command inherits it
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 53})
	}
	if err == nil {
		err = unix.Exec(command[0], command, os.Environ())
	}
	fmt.Fprintln(os.Stderr, err)
	return 99
}

// namespace returns a command prefix that runs a script and then the command in new namespaces.
func namespace(t testing.TB, flags, script string) []string {
	t.Helper()
	if out, err := exec.Command("unshare", flags, "ip", "link").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("unshare (util-linux) or ip (iproute2) is missing or not permitted: %v: %s", err, out)
		}
		t.Skipf("needs unshare and ip, and permission to use them: %v: %s", err, out)
	}
	return []string{"unshare", flags, "/bin/sh", "-c", script + ` || exit 99; exec "$@"`, "sh"}
}

// machineFaults lists the faults of the machine that spanpipe runs on.
func machineFaults() []reliability.Row {
	return []reliability.Row{
		{What: "stderr on a full disk", Outcome: "the messages are lost; nothing else is", Test: testFullStderr},
		{What: "spanpipe preview --out on a full disk", Outcome: "one warning; the session continues",
			Test: testFullPreview},
		{What: "read-only home, working and temporary directories", Outcome: allArrive, Test: testReadOnly},
		{What: "no free file descriptor once the session runs", Outcome: noneArrive, Test: testNoDescriptors},
		{What: "a limit of 20 file descriptors", Outcome: allArrive, Test: testFewDescriptors},
		{What: "GOMEMLIMIT below the memory in use", Outcome: allArrive, Test: testLowMemoryLimit},
	}
}

func testFullStderr(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { full.Close() })
	talk(t, wrapped(t, cast.As(t, "server")), quit, nil,
		newHome(t).in("SPANPIPE_TELEMETRY=console", "SPANPIPE_LOG_LEVEL=debug"),
		func(cmd *exec.Cmd) { cmd.Stderr = full })
}

func testFullPreview(t *testing.T) {
	disk := t.TempDir()
	front := namespace(t, "-rm", fmt.Sprintf("mount -t tmpfs -o size=64k none '%s'", disk))
	preview := []string{binary(t), "preview", "--out", filepath.Join(disk, "out"), "--"}
	line := slices.Concat(front, preview, cast.As(t, "server"))
	e := talk(t, line, quit, nil, newHome(t).in("OTEL_BSP_SCHEDULE_DELAY=100"))
	n := strings.Count(e.stderr, "spanpipe: warning: ")
	if n != 1 || !strings.Contains(e.stderr, "no space left on device") {
		t.Errorf("%d warnings on stderr, want one about the disk:\n%s", n, e.stderr)
	}
}

func testReadOnly(t *testing.T) {
	disk := t.TempDir()
	s := withFault(otlptest.Config{}, otlptest.Accept())(t, otlptest.GRPC)
	f := collectorFault{arrives: all}
	const script = "mount -t tmpfs -o ro none '%s' && cd '%[1]s' && ! touch x 2>/dev/null"
	front := namespace(t, "-rm", fmt.Sprintf(script, disk))
	e := talk(t, append(front, wrapped(t, cast.As(t, "server"))...), quit, nil, func(cmd *exec.Cmd) {
		cmd.Env = append(minimalEnviron(), "HOME="+disk, "TMPDIR="+disk)
		cmd.Env = append(cmd.Env, s.variables(otlptest.GRPC, f.bound(), "60000")...)
	})
	if e.stderr != "" {
		t.Errorf("stderr = %q, want none", e.stderr)
	}
	f.checkArrival(t, s.receiver, exitSpans, nil)
}

// testNoDescriptors lowers the product's limit after the session started and before its first export.
func testNoDescriptors(t *testing.T) {
	s := withFault(otlptest.Config{}, otlptest.Accept())(t, otlptest.HTTP)
	f := collectorFault{arrives: none}
	var product *exec.Cmd
	starve := func(n int) {
		if n > 0 {
			return
		}
		if err := unix.Prlimit(product.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: 3}, nil); err != nil {
			t.Error(err)
		}
	}
	e := talk(t, wrapped(t, cast.As(t, "server")), quit, starve, newHome(t).in(append(
		s.variables(otlptest.HTTP, f.bound(), "1000"), "SPANPIPE_LOG_LEVEL=info", "SPANPIPE_LOG_FORMAT=json",
		"OTEL_BSP_SCHEDULE_DELAY=60000", "OTEL_METRIC_EXPORT_INTERVAL=60000", "OTEL_BLRP_SCHEDULE_DELAY=60000")...),
		func(cmd *exec.Cmd) { product = cmd })
	log := readLog(t, e.stderr)
	f.checkWarnings(t, log.warnings, log.text)
	f.checkEnd(t, e, quit)
	f.checkArrival(t, s.receiver, exitSpans, &log.lost)
}

func testFewDescriptors(t *testing.T) {
	s := withFault(otlptest.Config{}, otlptest.Accept())(t, otlptest.GRPC)
	f := collectorFault{arrives: all}
	line := append([]string{"/bin/sh", "-c", `ulimit -n 20; exec "$@"`, "sh"}, wrapped(t, cast.As(t, "server"))...)
	e := talk(t, line, leave, nil, newHome(t).in(s.variables(otlptest.GRPC, f.bound(), "60000")...))
	if e.stderr != "" {
		t.Errorf("stderr = %q, want none", e.stderr)
	}
	f.checkArrival(t, s.receiver, exitSpans-2, nil)
}

func testLowMemoryLimit(t *testing.T) {
	s := withFault(otlptest.Config{}, otlptest.Accept())(t, otlptest.GRPC)
	f := collectorFault{arrives: all}
	e := talk(t, wrapped(t, cast.As(t, "server")), leave, nil, newHome(t).in(append(
		s.variables(otlptest.GRPC, f.bound(), "60000"), "GOMEMLIMIT=4MiB")...))
	if e.stderr != "" {
		t.Errorf("stderr = %q, want none", e.stderr)
	}
	f.checkArrival(t, s.receiver, exitSpans-2, nil)
}
