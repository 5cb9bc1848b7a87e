package main_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestRequestsStartNothing: what answers the requests of a browser cannot start a process, since no import leads there, not of
// the standard library's either.
func TestRequestsStartNothing(t *testing.T) {
	for _, goos := range systems {
		reach := func(path string) []string {
			cmd := exec.Command("go", "list", "-deps", "./"+path)
			cmd.Dir, cmd.Env = root(t), append(os.Environ(), "GOOS="+goos)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			return strings.Fields(string(out))
		}
		all := reach("internal/web")
		for _, forbidden := range []string{"os/exec", "os/signal", "plugin"} {
			if slices.Contains(all, forbidden) {
				t.Errorf("internal/web reaches %s (%s)", forbidden, goos)
			}
		}
		for _, path := range all { // these might be made to
			if strings.HasSuffix(path, "/internal/browser") || strings.HasSuffix(path, "/wrap") || strings.HasSuffix(path, "/internal/cli") {
				t.Errorf("internal/web reaches %s (%s)", path, goos)
			}
		}
		if !slices.Contains(reach("internal/web/serve"), "os/exec") {
			t.Errorf("internal/web/serve does not reach os/exec (%s): this test sees nothing", goos)
		}
	}
}
