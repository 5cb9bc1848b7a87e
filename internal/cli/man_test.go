package cli_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/cli"
)

// TestManual: the manual page has every command, every flag and every setting that help has, and nothing in it that a formatter would take
// for an instruction.
func TestManual(t *testing.T) {
	page, _, code := run(t, t.TempDir(), "man")
	if code != 0 {
		t.Fatalf("exit code %d", code)
	}
	known := map[string]bool{"TH": true, "SH": true, "SS": true, "PP": true, "TP": true, "nf": true, "fi": true, "nh": true, "ad": true}
	for line := range strings.Lines(page) {
		if request := regexp.MustCompile(`^[.'](\S*)`).FindStringSubmatch(line); request != nil && !known[request[1]] {
			t.Errorf("taken for an instruction: %s", line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("not ASCII: %s", line)
		}
	}
	text := regexp.MustCompile(`\\f[BIR]`).ReplaceAllString(strings.ReplaceAll(page, `\-`, "-"), "")
	overview, _, _ := run(t, t.TempDir(), "help")
	commands := regexp.MustCompile(`(?m)^   ([a-z]+) +\S`).FindAllStringSubmatch(overview, -1)
	if len(commands) < 20 {
		t.Fatalf("help lists %d commands", len(commands))
	}
	for _, c := range commands {
		_, section, ok := strings.Cut(text, `.SS "spanpipe `+c[1]+"\"\n")
		if !ok {
			if !strings.HasPrefix(c[0], "   spanpipe ") { // the usage of the program
				t.Errorf("no section about %s", c[1])
			}
			continue
		}
		section, _, _ = strings.Cut(section, "\n.S")
		help, _, _ := run(t, t.TempDir(), "help", c[1])
		_, flags, _ := strings.Cut(help, "\nFLAGS\n")
		flags, _, _ = strings.Cut(flags, "\n\n")
		for _, flag := range regexp.MustCompile(`(?m)^   (-\S+)`).FindAllStringSubmatch(flags, -1) {
			if name := strings.TrimSuffix(flag[1], ","); name != "--help" && !strings.Contains(section, "\n"+name) {
				t.Errorf("%s: the section lacks the flag %s", c[1], name)
			}
		}
	}
	for _, s := range cli.Settings() {
		if !strings.Contains(text, "\n"+strings.TrimSpace("--"+s.Flag+" "+s.Value)+", "+s.Variable()+"\n") {
			t.Errorf("no setting %s", s.Flag)
		}
	}
}
