package wrap_test

import (
	"strings"
	"testing"
)

func TestSmoke(t *testing.T) {
	cmd := command(wrapped(as("cat")))
	cmd.Stdin = strings.NewReader("hello\r\n\x00world")
	out, err := cmd.Output()
	t.Logf("%q %v", out, err)
	as("exec"); 
	for _, c := range []string{"kill -TERM $$", "kill -SEGV $$", "exit 7", "kill -KILL $$", "sleep 1000 & exit 3", "setsid sleep 3 & exit 3"} {
		cmd := command(wrapped(sh(c)))
		out, err := cmd.CombinedOutput()
		t.Logf("%s: %q %v", c, out, err)
	}
	cmd = command(wrapped([]string{"nosuch"}))
	out, err = cmd.CombinedOutput()
	t.Logf("%q %v", out, err)
}
