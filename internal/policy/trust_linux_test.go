package policy_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/spanpipe/spanpipe/internal/policy"
)

// TestUnreadableToOthers is TestUnreadable where root runs the tests: another user may not read the policy, or not enter its directory.
func TestUnreadableToOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	root := t.TempDir()
	must(t, os.Chmod(filepath.Dir(root), 0o755))
	for name, modes := range map[string]struct{ dir, file os.FileMode }{"file": {0o755, 0o600}, "directory": {0o700, 0o644}} {
		dir := filepath.Join(root, name)
		path := filepath.Join(dir, "policy.yaml")
		must(t, os.Mkdir(dir, 0o755))
		must(t, os.WriteFile(path, []byte("version: 1\n"), 0o600))
		must(t, os.Chmod(path, modes.file))
		must(t, os.Chmod(dir, modes.dir))
		var p *policy.Policy
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // until the thread ends, with this goroutine
			if err = unix.Setfsuid(1); err == nil {
				p, err = policy.ReadOwned(path, dir, 0)
			}
		}()
		<-done
		if p != nil || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}
