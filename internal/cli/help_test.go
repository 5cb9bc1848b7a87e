package cli_test

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// lookingCommands are those that look at sessions, or at what is known of servers.
var lookingCommands = strings.Fields("sessions show tail top report push export prune definitions try demo metrics health consent ui doctor clients install uninstall record")

// TestHelpFits: the help of a command fits a terminal, names its defaults once, and says what the exit status means.
func TestHelpFits(t *testing.T) {
	for _, command := range lookingCommands {
		stdout, _, code := run(t, t.TempDir(), command, "--help")
		if code != 0 || !strings.Contains(stdout, "Exit status:") {
			t.Errorf("%s: exit code %d, help without an exit status:\n%s", command, code, stdout)
		}
		for line := range strings.Lines(stdout) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > 80 || strings.Contains(line, "default: false") || strings.Count(line, "default") > 1 {
				t.Errorf("%s: %s", command, line)
			}
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
