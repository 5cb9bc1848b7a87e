package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/check"
	"github.com/spanpipe/spanpipe/internal/conversation"
	"github.com/spanpipe/spanpipe/internal/namedfile"
	"github.com/spanpipe/spanpipe/internal/view"
)

// rulesFile is the file of rules that is used where none is named.
const rulesFile = "spanpipe-check.yaml"

// exitOver is the exit code of "spanpipe check" if something is over its budget.
const exitOver = 1

func (a *app) checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "hold a server to budgets, for continuous integration",
		UsageText: "spanpipe check [flags] [SESSION|FILE...]",
		Description: `Judges sessions by rules: how long calls take, what fails, hangs or is never
answered, what breaks the protocol, what definitions and results cost a model,
how the server starts and ends, and whether its definitions are what a file in
the repository says. A session is a recording, - for one on stdin, or a stored
session, as for show; without any, the newest.

   spanpipe record --script calls.yaml -o session.jsonl -- npx -y your-server
   spanpipe check session.jsonl                     by the default rules
   spanpipe check --init session.jsonl              write rules with its figures
   spanpipe check --rules budgets.yaml session.jsonl --junit check.xml
   spanpipe check --baseline definitions.json --update-baseline session.jsonl

Without --rules, the file spanpipe-check.yaml is used where there is one; what
it does not name has its default. Each session is judged alone, but p95 is over
the calls of all sessions of a server. In a workflow of GitHub (where
GITHUB_ACTIONS is true), failures are annotations, too, unless --json is given.

docs/check.md has all rules, and workflows for GitHub and GitLab.

Exit status: 0 if all is within its budget, 1 if something is over, 2 if the
command line or the file of rules is invalid or there is no such session.`,
		Flags: a.flags(
			&cli.StringFlag{Name: "rules", TakesFile: true, DefaultText: rulesFile, Usage: "the `FILE` with the budgets"},
			&cli.StringFlag{Name: "baseline", TakesFile: true, Usage: "the `FILE` that has what the server offers"},
			&cli.BoolFlag{Name: "update-baseline", DisableDefaultText: true, Usage: "write the baseline from a recording"},
			&cli.BoolFlag{Name: "init", DisableDefaultText: true, Usage: "write a file of rules that the sessions pass"},
			&cli.BoolFlag{Name: "all", DisableDefaultText: true, Usage: "list what is within its budget, too"},
			&cli.StringFlag{Name: "junit", TakesFile: true, Usage: "write JUnit's XML to `FILE`, too"},
			&cli.BoolFlag{Name: "github", DisableDefaultText: true, Usage: "print annotations for a workflow of GitHub, too"},
			jsonFlag,
		),
		Action: a.check,
	}
}

// checking is one run of the command.
type checking struct {
	*app
	sessions []*conversation.Conversation
	rules    *check.Rules
	file     string // of the rules; empty: the defaults
	baseline string // the file of definitions; empty: none
	update   string // the command that writes it, without the recording
	results  []check.Result
	all      bool
}

func (a *app) check(c *cli.Context) error {
	if a.dashes {
		return &usageError{"check takes sessions and recordings, and starts no server",
			"record it first: spanpipe record -o session.jsonl -- your-server"}
	}
	for _, exclude := range [][]string{{"init", "update-baseline"}, {"init", "json"}, {"update-baseline", "json"}, {"json", "github"}} {
		if err := exclusive(c, exclude...); err != nil {
			return err
		}
	}
	k := &checking{app: a, all: c.Bool("all")}
	if !c.Bool("init") {
		if err := k.readRules(c); err != nil {
			return err
		}
	}
	if err := k.readSessions(c.Args().Slice()); err != nil {
		return err
	}
	switch {
	case c.Bool("init"):
		return k.initialize(c.String("rules"))
	case c.Bool("update-baseline"):
		return k.updateBaseline()
	}
	before, err := k.readBaseline()
	if err != nil {
		return err
	}
	k.results = check.Judge(k.rules, before, k.sessions)
	for i := range k.results {
		if r := &k.results[i]; r.Rule == check.Baseline && r.State == check.Failed {
			of := strings.Join(r.Sessions, " ")
			if slices.Contains(c.Args().Slice(), "-") {
				of = "RECORDING" // stdin cannot be read again
			}
			r.Next = "if that is meant: " + k.update + " " + of
		}
	}
	return k.report(c)
}

// report prints the results.
func (k *checking) report(c *cli.Context) error {
	for i := range k.results {
		if k.results[i].State == check.Failed {
			k.status.Code = exitOver
		}
	}
	if name := c.String("junit"); name != "" {
		if err := k.writeJUnit(name, func(w io.Writer) error { return check.JUnit(w, k.results) }); err != nil {
			return err
		}
	}
	if c.Bool("json") {
		return k.writeJSON(k.json())
	}
	if err := k.text(); err != nil {
		return err
	}
	if here, _ := getenv(k.Environ, "GITHUB_ACTIONS"); c.Bool("github") || !c.IsSet("github") && here == "true" {
		return check.GitHub(k.Stdout, filepath.ToSlash(k.file), k.results)
	}
	return nil
}

// writeJUnit writes the file that --junit names.
func (a *app) writeJUnit(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return &usageError{fmt.Sprintf("--junit %s: %v", a.tilde(name), namedfile.Reason(err)), "name a file in a directory that exists"}
	}
	return errors.Join(write(file), file.Close())
}

// readSessions reads the sessions that are named, or the newest.
func (k *checking) readSessions(names []string) error {
	if len(names) == 0 {
		names = []string{"last"}
	}
	read := k.conversations()
	for _, name := range names {
		one, err := read.read(name)
		if err != nil {
			return err
		}
		k.sessions = append(k.sessions, one)
	}
	return nil
}

// readRules reads the file of rules.
func (k *checking) readRules(c *cli.Context) error {
	k.rules, k.file = check.Default(), c.String("rules")
	if _, err := os.Lstat(rulesFile); k.file == "" && err == nil {
		k.file = rulesFile
	}
	if k.file != "" {
		text, _, err := namedfile.Read(k.file, check.MaxFile)
		if err != nil {
			return &usageError{k.tilde(k.file) + ": " + err.Error(), "to write one: spanpipe check --init --rules " + k.tilde(k.file) + " SESSION"}
		}
		rules, problems := check.Parse(text)
		if len(problems) > 0 {
			return k.mistakes(problems)
		}
		k.rules = rules
	}
	k.update = "spanpipe check --update-baseline"
	if name := c.String("rules"); name != "" {
		k.update += " --rules " + k.tilde(name)
	}
	if k.baseline = c.String("baseline"); k.baseline != "" {
		k.rules = k.rules.WithBaseline(k.baseline)
		k.update += " --baseline " + k.tilde(k.baseline)
	} else if name := k.rules.Baseline(); name != "" {
		k.baseline = name
		if !filepath.IsAbs(name) {
			k.baseline = filepath.Join(filepath.Dir(k.file), name)
		}
	}
	return nil
}

// mistakes reports all mistakes of a file of rules. The last one is the error.
func (k *checking) mistakes(all []check.Problem) error {
	for i, p := range all {
		hint := p.Hint
		if best := meant(p.Word, p.Known); best != "" && p.Word != "" {
			hint = best + "all are in docs/check.md"
		}
		err := &usageError{fmt.Sprintf("%s:%d:%d: %s", k.tilde(k.file), p.Line, p.Column, p.Text), hint}
		if i == len(all)-1 {
			return err
		}
		k.printer.tell(&k.options, k.named, slog.LevelError, err.message, err.hint)
	}
	return nil
}

// readBaseline reads the file of definitions, if there is to be one.
func (k *checking) readBaseline() (*check.Definitions, error) {
	if k.baseline == "" {
		return nil, nil //nolint:nilnil // no file, and nothing to compare with
	}
	update := "to write it: " + k.update + " RECORDING"
	text, _, err := namedfile.Read(k.baseline, check.MaxBaseline)
	if err != nil {
		return nil, &usageError{"the baseline " + k.tilde(k.baseline) + ": " + err.Error(), update}
	}
	before, err := check.ParseBaseline(text)
	if err != nil {
		return nil, &usageError{"the baseline " + k.tilde(k.baseline) + ": " + err.Error(), update + "; a damaged one has to be removed first"}
	}
	return before, nil
}

// updateBaseline writes the file of definitions, and says what has changed in it.
func (k *checking) updateBaseline() error {
	switch {
	case k.baseline == "":
		return &usageError{"--update-baseline: no file is named", "name it in the rules, or with --baseline definitions.json"}
	case len(k.sessions) != 1:
		return &usageError{"--update-baseline takes one recording", "see: spanpipe help check"}
	}
	now := check.Offered(k.sessions[0])
	if now == nil {
		return &usageError{"a baseline needs a recording: session " + k.sessions[0].Name + " of the store has no texts of definitions",
			"record one: spanpipe record -o session.jsonl -- your-server; then: spanpipe check --update-baseline session.jsonl"}
	}
	if !now.Known() {
		return &usageError{k.sessions[0].Name + " has no whole list of definitions", "a script lists all of them: spanpipe record --script calls.yaml …"}
	}
	before := &check.Definitions{}
	_, err := os.Lstat(k.baseline)
	if isNew := errors.Is(err, fs.ErrNotExist); !isNew {
		if before, err = k.readBaseline(); err != nil {
			return err
		}
	}
	return k.writeBaseline(before, now)
}

func (k *checking) writeBaseline(before, now *check.Definitions) error {
	merged := now.Merge(before)
	text, err := merged.Format()
	if err != nil {
		return fmt.Errorf("formatting the baseline: %w", err)
	}
	if err := os.WriteFile(k.baseline, escapeJSON(text), 0o644); err != nil { //nolint:gosec // it is committed
		return &usageError{"writing the baseline " + k.tilde(k.baseline) + ": " + namedfile.Reason(err).Error(), ""}
	}
	var lines []string
	changes, _ := check.Compare(before, now)
	for _, change := range changes {
		lines = append(lines, "  "+change.String())
	}
	what := "no differences"
	if !before.Known() {
		what = "new"
	} else if len(changes) > 0 {
		what = view.Plural(len(changes), "difference")
	}
	head := fmt.Sprintf("%s: %s, %s", k.tilde(k.baseline), view.Plural(merged.Count(), "definition"), what)
	_, err = fmt.Fprintln(k.Stdout, strings.Join(append([]string{head}, lines...), "\n"))
	return err
}

// initialize writes a file of rules.
func (k *checking) initialize(name string) error {
	if name == "" {
		name = rulesFile
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // it is committed
	switch {
	case errors.Is(err, fs.ErrExist):
		return &usageError{k.tilde(name) + " exists, and is not replaced", "remove it, or name another one: --rules FILE"}
	case err != nil:
		return &usageError{k.tilde(name) + ": " + namedfile.Reason(err).Error(), "name a file in a directory that exists: --rules FILE"}
	}
	_, err = file.WriteString(check.Propose(k.sessions))
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", k.tilde(name), err)
	}
	_, err = fmt.Fprintf(k.Stdout, "Wrote %s with what was measured as budgets. Look it over, and commit it.\n", k.tilde(name))
	return err
}
