package otel_test

import (
	"bufio"
	"os/exec"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestProcessTree counts the threads of a server that is a grandchild of what was started, as behind npx, and no
// others.
func TestProcessTree(t *testing.T) {
	// Each shell has one thread; only when the innermost runs is there something to count.
	server := exec.Command("sh", "-c", `sh -c 'sh -c "echo up; read line; true"; true'; true`)
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stranger := exec.Command("sleep", "60")
	for _, c := range []*exec.Cmd{server, stranger} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		_ = stranger.Process.Kill()
		_ = stranger.Wait()
	}()
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	s := startedStage(t, server.Process.Pid)
	all := s.collect()
	if got := points(all[semconv.ProcessThreads.Name], nil); len(got) != 1 || got[0].value != 3 {
		t.Errorf("threads %+v, want one for each of the 3 shells", got)
	}
	if got := points(all[semconv.ProcessMemoryUsage.Name], nil); len(got) != 1 || got[0].value <= 0 {
		t.Errorf("memory %+v", got)
	}
	cpu := func() (sum float64) {
		for _, p := range points(s.collect()[semconv.ProcessCPUTime.Name], nil) {
			sum += p.value
		}
		return sum
	}
	before := cpu()
	_ = stdin.Close()
	_ = server.Wait()
	if after := cpu(); after < before {
		t.Errorf("CPU time went from %v to %v when the processes ended", before, after)
	}
}
