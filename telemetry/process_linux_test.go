package telemetry_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// TestProcessTree counts the threads of a server that is a grandchild of what was started, as behind npx, and of nobody else.
func TestProcessTree(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	for _, entry := range r.Env(otlptest.GRPC) {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
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
		_ = stdin.Close()
		_ = server.Wait()
	}()
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	policy, _ := consent.Decide(consent.Request{Telemetry: "otlp"})
	tel := telemetry.New(telemetry.Config{Policy: policy, Command: []string{"server"}, Lookup: os.LookupEnv})
	tel.Run(server.Process.Pid, time.Now())
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tel.Close(ctx, left)
	if got := r.Value(semconv.ProcessThreads.Name, nil); got != 3 {
		t.Errorf("%v threads, want one for each of the 3 shells", got)
	}
	if got := r.Value(semconv.ProcessMemoryUsage.Name, nil); got <= 0 {
		t.Errorf("%v bytes of memory", got)
	}
}
