package wrap_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/spanpipe/spanpipe/wrap"
)

func registerRoles() {
	roles["wrapper"] = playWrapper
	roles["exec"] = playExec
	roles["cat"] = playCat
	roles["exit"] = playExit
	registerSystemRoles()
}

// playWrapper is the least that a wrapper's main has to do.
func playWrapper(args []string) int {
	s, code := start(args)
	if s == nil {
		return code
	}
	status := s.Wait()
	saveCoverage() // Die may be the end
	return status.Die()
}

// start starts the server of a wrapper's command line: options, --, command.
func start(args []string) (*wrap.Server, int) {
	cut := slices.Index(args, "--")
	options, line := args[:cut], args[cut+1:]
	cfg := wrap.Config{
		Command: line, Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		KeepOrphans: slices.Contains(options, "keep"),
	}
	if slices.Contains(options, "taps") {
		cfg.Input, cfg.Output, cfg.Errors = countingTap(), countingTap(), countingTap()
	}
	if slices.Contains(options, "count") {
		cfg.Input, cfg.Output = &sizing{}, &sizing{}
	}
	if slices.Contains(options, "panics") {
		cfg.Input, cfg.Output = panicking{}, panicking{}
		cfg.TapFailed = func(r any) { fmt.Fprintln(os.Stderr, "tap failed:", r) }
	}
	s, err := wrap.Start(cfg)
	if err != nil {
		return nil, reportStart(err)
	}
	return s, 0
}

// playExec is the wrapper with telemetry off.
func playExec(args []string) int {
	status, err := wrap.Exec(wrap.Config{
		Command: args, Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	})
	if err != nil {
		return reportStart(err)
	}
	return status.Die()
}

// reportStart says why a server did not start, and what the hint is.
func reportStart(err error) int {
	var refused *wrap.StartError
	if !errors.As(err, &refused) {
		fmt.Fprintln(os.Stderr, "not a StartError:", err)
		return 99
	}
	fmt.Fprintf(os.Stderr, "%v\n%s\n", err, refused.Hint)
	return refused.Code
}

// playCat is a server that says what it hears.
func playCat([]string) int {
	if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
		return 1
	}
	return 0
}

// playExit ends at once with the code given.
func playExit(args []string) int {
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return 99
	}
	return code
}
