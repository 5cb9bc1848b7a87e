package cmd_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestPreremove runs the script of the packages as dpkg and rpm do it: it speaks up when spanpipe is removed, not when it is updated.
func TestPreremove(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh here, nor packages for this system")
	}
	for _, test := range []struct {
		args   []string
		speaks bool
	}{
		{[]string{"remove"}, true}, {[]string{"remove", "in-favour", "other", "1.0"}, true}, {[]string{"0"}, true},
		{[]string{"upgrade", "1.2.3"}, false}, {[]string{"failed-upgrade", "1.2.3"}, false}, {[]string{"deconfigure"}, false},
		{[]string{"1"}, false}, {[]string{"2"}, false}, {nil, false},
	} {
		out, err := exec.Command(shell, append([]string{"../deploy/package/preremove.sh"}, test.args...)...).CombinedOutput()
		if speaks := strings.Contains(string(out), "spanpipe uninstall"); err != nil || speaks != test.speaks || !speaks && len(out) > 0 {
			t.Errorf("preremove %v: %v\n%s", test.args, err, out)
		}
	}
}
