package cli_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/cli"
)

// TestHelpFits: the help of a command fits a terminal, and names its defaults once.
func TestHelpFits(t *testing.T) {
	for _, c := range cli.Commands() {
		stdout, _, code := run(t, t.TempDir(), c.Name, "--help")
		if code != 0 || !strings.Contains(stdout, c.Usage) {
			t.Errorf("%s: exit code %d, help:\n%s", c.Name, code, stdout)
		}
		for line := range strings.Lines(stdout) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > 80 || strings.Contains(line, "default: false") || strings.Count(line, "default") > 1 {
				t.Errorf("%s: %s", c.Name, line)
			}
		}
	}
}

// exitStatus matches what the help of a command says of its exit status: the end of its last paragraph.
var exitStatus = regexp.MustCompile(`(?s)(?:^|\n\n)Exit status: (.*\.)$`)

// exitCodes are what the codes of spanpipe's own mean, for every command alike.
var exitCodes = map[string]string{
	"0": "done", "1": "no, or not all of it", "2": "the command line", "125": "internal error", "126": "cannot be run",
	"127": "not found", "130": "Ctrl-C",
}

// TestExitStatus: the help of every command ends with the exit codes that it has, of those that all commands share. An invalid
// command line is 2 everywhere.
func TestExitStatus(t *testing.T) {
	for _, c := range cli.Commands() {
		m := exitStatus.FindStringSubmatch(c.Description)
		if m == nil {
			t.Errorf("%s: the help does not end with the exit status:\n%s", c.Name, c.Description)
			continue
		}
		codes := regexp.MustCompile(`\b\d+\b`).FindAllString(m[1], -1)
		for _, code := range codes {
			if exitCodes[code] == "" {
				t.Errorf("%s: what is exit code %s?", c.Name, code)
			}
		}
		if !slices.Contains(codes, "2") {
			t.Errorf("%s: the help does not say when the exit status is 2: %s", c.Name, m[1])
		}
		if _, _, code := run(t, t.TempDir(), c.Name, "--no-such-flag"); code != 2 {
			t.Errorf("%s: the exit code of an invalid command line is %d", c.Name, code)
		}
	}
}

// TestUsageProblems: an invalid flag is answered with what is wanted, and not with advice for another command.
func TestUsageProblems(t *testing.T) {
	for args, want := range map[string]string{
		"show --operation x":        `invalid value "x" for flag --operation: want a number`,
		"show --operation -1":       `invalid value "-1" for flag --operation: want a number`,
		"tail -n many":              `invalid value "many" for flag -n: want a number`,
		"demo --delay soon":         `invalid value "soon" for flag --delay: want a duration, such as 1.5s`,
		"try --timeout 5":           `invalid value "5" for flag --timeout: want a duration, such as 1.5s`,
		"ui --no-open=maybe":        `invalid boolean value "maybe" for --no-open: want true or false`,
		"sesions":                   "unknown command sesions\nspanpipe: hint: did you mean sessions? to wrap a server, put --",
		"go run .":                  "unknown command go\nspanpipe: hint: to wrap a server, put --",
		"help shwo":                 "unknown command shwo\nspanpipe: hint: did you mean show? see: spanpipe help",
		"show --operatoin 5":        "unknown flag --operatoin\nspanpipe: hint: did you mean --operation? see: spanpipe help show",
		"push --failed last":        "--failed chooses sessions, and so do the arguments",
		"-v":                        "unknown flag -v\nspanpipe: hint: ",
		"tail --nope":               "unknown flag --nope\nspanpipe: hint: see: spanpipe help tail\n",
		"try --nope":                "unknown flag --nope\nspanpipe: hint: see: spanpipe help try; flags of the server go after its command, behind --",
		"prune 3":                   "prune takes no arguments\nspanpipe: hint: one session: spanpipe prune --session 3",
		"prune --all --session 3":   "--session and --all exclude each other\nspanpipe: hint: see: spanpipe help prune",
		"export --format otlp -- 3": "export takes one session",
		"export 3":                  "no format to export\nspanpipe: hint: for example: spanpipe export --format html -o session.html 3",
	} {
		if _, stderr, code := run(t, t.TempDir(), strings.Fields(args)...); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, stderr %s, want %s", args, code, stderr, want)
		}
	}
}
