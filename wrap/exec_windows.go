package wrap

import (
	"os"
	"strings"
)

// Exec gives this process over to the server: with telemetry off nothing of ours is left. On Unix it returns only if that
// failed, with a *StartError. On Windows, which cannot replace a process, it hands the standard handles over, waits, and
// returns the status.
func Exec(cfg Config) (Status, error) {
	if len(cfg.Command) == 0 {
		return Status{}, errNoCommand
	}
	s := listen(func() {}) // a Ctrl-C is the server's to answer
	p := &process{env: cfg.Env, files: []*os.File{cfg.Stdin, cfg.Stdout, cfg.Stderr}}
	g, err := newGuard(p)
	if err != nil {
		cfg.logger().Debug("the server will outlive a killed wrapper", "err", err)
	}
	if err := p.start(cfg.Command); err != nil {
		s.close()
		return Status{}, err
	}
	go s.run(p) // ends with the process
	status := <-p.exited
	g.close()
	return status, nil
}

// lookEnv finds a variable, whose name has no case on Windows.
func lookEnv(env []string, name, otherwise string) string {
	for _, kv := range env {
		if k, v, ok := strings.Cut(kv, "="); ok && strings.EqualFold(k, name) {
			return v
		}
	}
	return otherwise
}
